import { Fault } from "../../fault.ts"
import type { Parts } from "./parts.ts"

/** While a big sale runs, an operator may switch off what it does not need. @throws Fault overloaded */
export const shedInEventMode = ({ boxOffice }: Pick<Parts, "boxOffice">, what: string): void => {
  if (boxOffice.flags.isOn("event_mode"))
    throw new Fault("overloaded", `${what} is off while a big sale runs; everything that the sale needs goes on`, {
      headers: { "retry-after": "60" },
    })
}
