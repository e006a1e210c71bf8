import { trustedId, type AccountId, type AdmissionId } from "../ids.ts"

/** What one entry of a room's stream says, in rows of Postgres. */
export type JournalRows = {
  entries: { accountId: AccountId; position: number; joinedAt: Date; restored: boolean }[]
  calls: { entryId: string; from: number; to: number; again: boolean; epoch: number; at: Date }[]
  admissions: { admissionId: AdmissionId; accountId: AccountId; position: number; grantedAt: Date; endsAt: Date }[]
  finishes: { admissionId: AdmissionId; reason: "finished" | "expired"; at: Date }[]
  shiftMs: number
}

export const noRows = (): JournalRows => ({ entries: [], calls: [], admissions: [], finishes: [], shiftMs: 0 })

/** Adds what the entry says to `rows`. @throws Error for a kind that this build does not know: nothing may be skipped silently. */
export const readEntry = (rows: JournalRows, entryId: string, flat: string[]) => {
  const fields: Record<string, string> = {}
  for (let index = 0; index < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!
  const at = new Date(Number(fields.at))
  const list = (text: string | undefined) => (text ? text.split(" ") : [])
  switch (fields.kind) {
    case "join":
      for (const [index, account] of list(fields.accounts).entries())
        rows.entries.push({ accountId: trustedId(account), position: Number(fields.from) + index, joinedAt: at, restored: false })
      return
    case "restore":
      for (const each of list(fields.entries)) {
        const [account, position, joinedMs] = each.split(":")
        const joinedAt = new Date(Number(joinedMs))
        rows.entries.push({ accountId: trustedId(account!), position: Number(position), joinedAt, restored: true })
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
      for (const each of list(fields.expired)) rows.finishes.push({ admissionId: trustedId(each), reason: "expired", at })
      return
    }
    case "admit":
      rows.admissions.push({
        admissionId: trustedId(fields.admission!),
        accountId: trustedId(fields.account!),
        position: Number(fields.position),
        grantedAt: at,
        endsAt: new Date(Number(fields.ends)),
      })
      return
    case "finish":
      rows.finishes.push({ admissionId: trustedId(fields.admission!), reason: "finished", at })
      return
    case "shift":
      rows.shiftMs += Number(fields.by)
      return
    default:
      throw new Error(`The journal has an entry of kind ${fields.kind}, which this build does not know`)
  }
}

const partsOf = (id: string) => id.split("-").map(Number) as [number, number]

/** Ids of a stream are ms-count. */
export const isAfter = (id: string, other: string) => {
  const [ms, count] = partsOf(id)
  const [otherMs, otherCount] = partsOf(other)
  return ms > otherMs || (ms === otherMs && count > otherCount)
}

export const idAfter = (id: string) => {
  const [ms, count] = partsOf(id)
  return `${ms}-${count + 1}`
}
