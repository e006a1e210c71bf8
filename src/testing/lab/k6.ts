import { environment, k6SearchOf } from "../../config.ts"
import { lookupK6 as lookup } from "../../programs.ts"

/** The real k6 of this machine, as `traffic` finds it. */
export const lookupK6 = () => lookup(k6SearchOf(environment()))
