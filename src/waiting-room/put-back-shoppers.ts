import { keysOf } from "./keys.ts"
import type { KnownRooms } from "./known-rooms.ts"
import type { FinishedTurn, Room } from "./room.ts"
import * as scripts from "./scripts.ts"

type Told = Omit<FinishedTurn, "finishedAt"> & Partial<Pick<FinishedTurn, "finishedAt">>

/**
 * The admissions that this process has told are as good as receipts, too: in a rebuilt room those that the journal lacks are put
 * back, and what was finished is finished again at its time. False when the copy was lost again meanwhile.
 */
export const putBackShoppers = async (known: KnownRooms, room: Room, generation: number): Promise<boolean> => {
  const { saleId, closings } = room
  const told = room.openedAs === generation ? [] : toldBy(room, known)
  if (told.length === 0) return true
  const over = await known.recovery.finishedAmong(told.map(({ turn }) => turn.admissionId))
  // Another node has finished these.
  for (const { accountId, turn } of told) if (over.has(turn.admissionId)) room.turns.delete(accountId)
  const lacking = told.filter(({ turn }) => !over.has(turn.admissionId))
  let restored = 0
  for (let from = 0; from < lacking.length; from += known.limits.batchMax) {
    const page = lacking.slice(from, from + known.limits.batchMax)
    const states = await Promise.all(page.map((each) => restore(known, room, generation, each)))
    if (states.includes("recovering") || room.closings !== closings) return false
    restored += states.filter((state) => state === "readmitted").length
  }
  if (restored > 0) {
    known.metrics
      ?.counter("traffic_admissions_put_back_total", "Admissions put back that only this process knew")
      .inc(restored)
    known.log.warn({ sale_id: saleId, generation, entries: restored }, "admissions that were told are back")
  }
  return room.closings === closings
}

const toldBy = (room: Room, { clock }: KnownRooms): Told[] => {
  const now = clock()
  const live = [...room.turns.entries()].flatMap(([accountId, { turn }]) =>
    turn.state === "admitted" ? [{ accountId, turn }] : [],
  )
  return [...room.finished.values(), ...live].filter(({ turn }) => turn.endsAt > now)
}

const restore = async ({ redis }: KnownRooms, { saleId }: Room, generation: number, told: Told) => {
  const { accountId, turn, finishedAt } = told
  const whose = { generation, account: accountId, admission_id: turn.admissionId }
  const times = { granted_ms: turn.grantedAt, ends_ms: turn.endsAt }
  const { state } = await scripts.readmit(redis, keysOf(saleId), { ...whose, ...times })
  if (finishedAt === undefined || state === "recovering") return state
  return (await scripts.finish(redis, keysOf(saleId), { ...whose, at_ms: finishedAt })).state === "recovering"
    ? "recovering"
    : state
}
