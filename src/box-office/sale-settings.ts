import { Fault } from "../fault.ts"
import { epochMs, millis, minutes, seconds, type EpochMs, type Millis } from "../units.ts"
import { parseLine, parseWhole } from "./validate.ts"
import { endOfTime } from "./events.ts"

export type SaleSettings = {
  queueOpensAt: EpochMs
  opensAt: EpochMs
  endsAt: EpochMs
  admitPerMinute: number
  waitingRoomCap: number
  maxTicketsPerUser: number
  shopperCapacity: number
  callWindow: Millis
  admissionLength: Millis
  holdLength: Millis
  message: string
  paused: boolean
  closed: boolean
}
export type SalePatch = Partial<SaleSettings>

export const ticketsPerUserMax = 50

export const defaults = {
  maxTicketsPerUser: 4,
  shopperCapacity: 1000,
  callWindow: minutes(2),
  admissionLength: minutes(10),
  holdLength: minutes(5),
  message: "",
  paused: false,
  closed: false,
} satisfies SalePatch

export const parseSettings = (given: SaleSettings): SaleSettings => {
  const settings = {
    queueOpensAt: parseTime(given.queueOpensAt, "queue_opens_at"),
    opensAt: parseTime(given.opensAt, "opens_at"),
    endsAt: parseTime(given.endsAt, "ends_at"),
    admitPerMinute: parseWhole(given.admitPerMinute, "admit_per_minute", 1, 10_000_000),
    waitingRoomCap: parseWhole(given.waitingRoomCap, "waiting_room_cap", 1, 10_000_000),
    maxTicketsPerUser: parseWhole(given.maxTicketsPerUser, "max_tickets_per_user", 1, ticketsPerUserMax),
    shopperCapacity: parseWhole(given.shopperCapacity, "shopper_capacity", 1, 10_000_000),
    callWindow: parseLength(given.callWindow, "call_window"),
    admissionLength: parseLength(given.admissionLength, "admission_length"),
    holdLength: parseLength(given.holdLength, "hold_length"),
    message: parseLine(given.message, "message", 0, 500),
    paused: parseSwitch(given.paused, "paused"),
    closed: parseSwitch(given.closed, "closed"),
  }
  if (settings.queueOpensAt > settings.opensAt) throw wrongOrder("queue_opens_at must not be after opens_at")
  if (settings.opensAt >= settings.endsAt) throw wrongOrder("opens_at must be before ends_at")
  return settings
}

export const parsePatch = (before: SaleSettings, patch: SalePatch): SaleSettings => {
  const moved =
    patch.opensAt !== undefined && before.queueOpensAt === before.opensAt ? { queueOpensAt: patch.opensAt } : {}
  return parseSettings({ ...before, ...moved, ...patch })
}

const parseTime = (value: unknown, name: string) => epochMs(parseWhole(value, name, 0, endOfTime))

/** From a second, so that a run can be short, to a day. */
const parseLength = (value: unknown, name: string): Millis => {
  if (typeof value === "number" && value >= seconds(1) && value <= minutes(24 * 60)) return millis(Math.round(value))
  throw new Fault("invalid_input", `${name} must be from 1 second to 24 hours`, { facts: { field: name } })
}

const parseSwitch = (value: unknown, name: string): boolean => {
  if (typeof value === "boolean") return value
  throw new Fault("invalid_input", `${name} must be true or false`, { facts: { field: name } })
}

const wrongOrder = (detail: string) => new Fault("invalid_input", detail, { facts: { field: "opens_at" } })
