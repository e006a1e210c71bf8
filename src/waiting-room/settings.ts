import type { SaleId } from "../ids.ts"
import { epochMs, millis, type EpochMs, type Millis } from "../units.ts"

export type RoomSettings = {
  saleId: SaleId
  queueOpensAt: EpochMs
  opensAt: EpochMs
  endsAt: EpochMs
  admitPerMinute: number
  waitingRoomCap: number
  /** Accounts that were called and have not come yet included. */
  shopperCapacity: number
  callWindow: Millis
  admissionLength: Millis
  message: string
  paused: boolean
  closed: boolean
}

const fieldNames = {
  queueOpensAt: "queue_opens_ms",
  opensAt: "opens_ms",
  endsAt: "ends_ms",
  admitPerMinute: "admit_per_minute",
  waitingRoomCap: "cap",
  shopperCapacity: "capacity",
  callWindow: "call_window_ms",
  admissionLength: "admission_ms",
  message: "message",
  paused: "paused",
  closed: "closed",
} as const satisfies Record<keyof Omit<RoomSettings, "saleId">, string>

export type RoomPatch = Partial<Omit<RoomSettings, "saleId">>

/** Field, value, ... of the room's hash. */
export const fieldsOf = (settings: RoomPatch): (string | number)[] =>
  Object.entries(fieldNames).flatMap(([name, field]) => {
    const value = settings[name as keyof RoomPatch]
    return value === undefined ? [] : [field, typeof value === "boolean" ? Number(value) : value]
  })

export const settingsIn = (fields: Record<string, string>): Omit<RoomSettings, "saleId"> => ({
  queueOpensAt: epochMs(Number(fields.queue_opens_ms)),
  opensAt: epochMs(Number(fields.opens_ms)),
  endsAt: epochMs(Number(fields.ends_ms)),
  admitPerMinute: Number(fields.admit_per_minute),
  waitingRoomCap: Number(fields.cap),
  shopperCapacity: Number(fields.capacity),
  callWindow: millis(Number(fields.call_window_ms)),
  admissionLength: millis(Number(fields.admission_ms)),
  message: fields.message ?? "",
  paused: fields.paused === "1",
  closed: fields.closed === "1",
})
