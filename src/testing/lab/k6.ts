import { environment, parseConfig } from "../../config.ts"
import { findK6 } from "../../programs.ts"

/** The real k6 of this machine, as `traffic` finds it. */
export const lookupK6 = () => findK6(parseConfig(environment()).k6)
