import { trustedId, type AccountId, type AdmissionId } from "../../ids.ts"
import { epochMs, type EpochMs } from "../../units.ts"
import { settingsIn, type RoomSettings } from "../settings.ts"

export type JournalRows = {
  /** Accounts of one batch, separated by spaces, at consecutive positions. */
  joins: { from: number; to: number; joinedMs: string; accounts: string }[]
  restored: { accountId: AccountId; position: number; joinedAt: EpochMs }[]
  calls: { entryId: string; from: number; to: number; again: boolean; epoch: number; at: EpochMs }[]
  admissions: {
    admissionId: AdmissionId
    accountId: AccountId
    position: number
    grantedAt: EpochMs
    endsAt: EpochMs
  }[]
  finishes: { admissionId: AdmissionId; reason: "finished" | "expired"; at: EpochMs }[]
  /** All that ends is moved; what was granted after `at` is moved with it. */
  shifts: { by: number; at: EpochMs }[]
  settings: { entryId: string; at: EpochMs; held: JournaledSettings }[]
}

/** What decides who is called. */
export type JournaledSettings = Omit<RoomSettings, "saleId" | "queueOpensAt" | "opensAt" | "endsAt" | "message">

export const noRows = (): JournalRows => ({
  joins: [],
  restored: [],
  calls: [],
  admissions: [],
  finishes: [],
  shifts: [],
  settings: [],
})

/** Adds the rows of one entry. @throws Error for an unknown kind: nothing may be skipped silently. */
export const readEntry = (rows: JournalRows, entryId: string, flat: string[]) => {
  const fields: Record<string, string> = {}
  for (let index = 0; index < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!
  const at = epochMs(Number(fields.at))
  const list = (text: string | undefined) => (text ? text.split(" ") : [])
  switch (fields.kind) {
    case "join": {
      const from = Number(fields.from)
      const accounts = fields.accounts!
      rows.joins.push({ from, to: from + list(accounts).length - 1, joinedMs: fields.at!, accounts })
      return
    }
    case "restore":
      for (const each of list(fields.entries)) {
        const [account, position, joinedMs] = each.split(":")
        const joinedAt = epochMs(Number(joinedMs))
        rows.restored.push({ accountId: trustedId(account!), position: Number(position), joinedAt })
      }
      return
    case "tick": {
      const call = (from: number, to: number, again: boolean) =>
        rows.calls.push({ entryId, from, to, again, epoch: Number(fields.epoch), at })
      for (const range of list(fields.ranges)) {
        const [from, to] = range.split("-").map(Number)
        call(from!, to!, false)
      }
      for (const position of list(fields.again)) call(Number(position), Number(position), true)
      for (const each of list(fields.expired))
        rows.finishes.push({ admissionId: trustedId(each), reason: "expired", at })
      return
    }
    case "admit":
      rows.admissions.push({
        admissionId: trustedId(fields.admission!),
        accountId: trustedId(fields.account!),
        position: Number(fields.position),
        grantedAt: at,
        endsAt: epochMs(Number(fields.ends)),
      })
      return
    case "finish":
      rows.finishes.push({ admissionId: trustedId(fields.admission!), reason: "finished", at })
      return
    case "settings":
      rows.settings.push({ entryId, at, held: settingsIn(fields) })
      return
    case "shift":
      shift(rows, Number(fields.by), at)
      return
    default:
      throw new Error(`The journal has an entry of kind ${fields.kind}, which this build does not know`)
  }
}

/** What comes after it, also in the same batch, is not moved by it. */
const shift = (rows: JournalRows, by: number, at: EpochMs) => {
  for (const each of rows.admissions) {
    each.endsAt = epochMs(each.endsAt + by)
    if (each.grantedAt > at) each.grantedAt = epochMs(each.grantedAt + by)
    each.grantedAt = epochMs(Math.min(each.grantedAt, each.endsAt - 1))
  }
  rows.shifts.push({ by, at })
}

export const countEntries = ({ joins, restored }: JournalRows) =>
  joins.reduce((sum, { from, to }) => sum + to - from + 1, restored.length)
export const highestOf = ({ joins, restored }: JournalRows) =>
  Math.max(0, ...joins.map((each) => each.to), ...restored.map((each) => each.position))

const partsOf = (id: string) => id.split("-").map(Number) as [number, number]

export const isAfter = (id: string, other: string) => {
  const [ms, count] = partsOf(id)
  const [otherMs, otherCount] = partsOf(other)
  return ms > otherMs || (ms === otherMs && count > otherCount)
}

export const idAfter = (id: string) => {
  const [ms, count] = partsOf(id)
  return `${ms}-${count + 1}`
}
