import { ulid } from "ulid"
import { Fault } from "./fault.ts"
import type { EpochMs } from "./units.ts"

declare const kind: unique symbol
type Id<Name extends string> = string & { readonly [kind]: Name }

/** Every id is a ULID: 26 characters, sorted by the time it was made. */
export type AccountId = Id<"account">
export type EventId = Id<"event">
export type SaleId = Id<"sale">
export type SeatId = Id<"seat">
export type HoldId = Id<"hold">
export type OrderId = Id<"order">
export type TicketId = Id<"ticket">
export type AdmissionId = Id<"admission">
export type RunId = Id<"run">

const pattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
export const isId = (text: string) => pattern.test(text)

export const idPattern = pattern.source

export const parseId = <T extends Id<string>>(text: string, what: string): T => {
  if (!isId(text)) throw new Fault("malformed_id", `${what} must be a ULID of 26 characters`)
  return text as T
}

/** For rows of a store that only ever held ids. */
export const trustedId = <T extends Id<string>>(text: string): T => text as T

export const newId = <T extends Id<string>>(now: EpochMs): T => ulid(now) as T
