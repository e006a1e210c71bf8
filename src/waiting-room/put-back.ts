import type { AccountId } from "../ids.ts"
import { keysOf } from "./keys.ts"
import type { KnownRooms } from "./known-rooms.ts"
import { leadMax } from "./limits.ts"
import type { Room } from "./room.ts"
import * as scripts from "./scripts.ts"

type Told = [accountId: AccountId, position: number]
type PutBack = { restored: number; moved: number; gone: number }

/**
 * What this process has told is as good as a receipt: before it opens a room again, every place that it remembers and the copy
 * lacks is put back, and a place that cannot be is forgotten. False when the copy was lost again meanwhile.
 */
export const putBack = async (known: KnownRooms, room: Room, generation: number): Promise<boolean> => {
  const { positions, limits, log, metrics } = known
  const { saleId, closings } = room
  const done: PutBack = { restored: 0, moved: 0, gone: 0 }
  for (const page of positions.pages(saleId, lookMax)) {
    const lacking = await lackingOf(known, room, generation, page)
    if (lacking === undefined || room.closings !== closings) return false
    if (lacking.length > 0 && done.restored + done.moved + done.gone === 0)
      log.warn({ sale_id: saleId, generation }, "places that were told are not in the waiting room: they are put back")
    for (let from = 0; from < lacking.length; from += limits.batchMax)
      if (!(await restore(known, room, generation, lacking.slice(from, from + limits.batchMax), done))) return false
  }
  const { restored, moved, gone } = done
  if (restored + moved + gone === 0) return room.closings === closings
  metrics?.counter("traffic_places_put_back_total", "Places put back that only this process knew").inc(restored)
  log.warn({ sale_id: saleId, generation, entries: restored }, "places that were told are back in the waiting room")
  if (moved + gone > 0)
    log.error({ sale_id: saleId, generation, count: moved + gone }, "places that were told could not be put back")
  return room.closings === closings
}

const lackingOf = async ({ redis, positions }: KnownRooms, room: Room, generation: number, page: Told[]) => {
  const accounts = page.map(([accountId]) => accountId)
  const floor = room.highWater.joined
  const found = await scripts.find(redis, keysOf(room.saleId), { generation, floor }, accounts)
  if (found.state === "recovering") return undefined
  for (const [index, position] of found.positions.entries())
    if (position !== undefined && position !== page[index]![1])
      positions.remember(room.saleId, accounts[index]!, position)
  return page.filter((_, index) => found.positions[index] === undefined)
}

const restore = async (known: KnownRooms, room: Room, generation: number, told: Told[], done: PutBack) => {
  const { redis, positions, clock, limits } = known
  const now = clock()
  const batch = told.map(([accountId, position]) => `${accountId}:${position}:${now}`).join(" ")
  const floor = room.highWater.joined
  const args = { generation, now_ms: now, lead_ms: leadMax, floor, lag_cap: limits.journalLagMax, batch }
  const reply = await scripts.join(redis, keysOf(room.saleId), args)
  if (reply.state === "recovering") return false
  for (const [index, [accountId, position]] of told.entries()) {
    const answer = reply.answers[index]!
    if (answer.state !== "joined") {
      positions.drop(room.saleId, accountId)
      done.gone++
    } else if (answer.position === position) done.restored++
    else {
      positions.remember(room.saleId, accountId, answer.position)
      done.moved++
    }
  }
  return true
}

/** The script passes each as one argument of HMGET. */
const lookMax = 1000
