import type { AccountId, SaleId } from "../../ids.ts"
import type { Redis } from "../../stores/redis.ts"
import { gapsIn, type Gap } from "../../waiting-room/gap.ts"
import { keysOf } from "../../waiting-room/keys.ts"

/** What Redis has of the room, people by number. */
export type Queue = {
  generation: number
  highest: number
  nowServing: number
  clock: number
  wall: number
  refilled: number
  credit: number
  settlesAt: number
  rebuiltAt: number
  soldOut: boolean
  gaps: Gap[]
  positions: Map<number, number>
  used: Set<number>
  calls: Map<number, number>
  shoppers: Map<number, number>
  late: Map<number, number>
  admissions: Map<number, string>
}

export const lookAtQueue = async (redis: Redis, saleId: SaleId, accounts: AccountId[]): Promise<Queue> => {
  const keys = keysOf(saleId)
  const [state, positions, admissions, calls, shoppers, late] = await Promise.all([
    redis.hgetall(keys.state),
    redis.hgetall(keys.positions),
    redis.hgetall(keys.admissions),
    redis.zrange(keys.calls, 0, "-1", "WITHSCORES"),
    redis.zrange(keys.shoppers, 0, "-1", "WITHSCORES"),
    redis.zrange(keys.late, 0, "-1", "WITHSCORES"),
  ])
  const who = (account: string) => accounts.indexOf(account as AccountId)
  const field = (name: string) => Number(state[name] ?? 0)
  return {
    generation: field("generation"),
    highest: field("joined"),
    nowServing: field("now_serving"),
    clock: field("clock_ms"),
    wall: field("wall_ms"),
    refilled: field("refilled_ms"),
    credit: Number(state.credit ?? 60_000),
    settlesAt: field("settles_ms"),
    rebuiltAt: field("rebuilt_ms"),
    soldOut: state.sold_out === "1",
    gaps: gapsIn(state.gaps ?? ""),
    positions: new Map(Object.entries(positions).map(([account, entry]) => [who(account), Number.parseInt(entry, 10)])),
    used: new Set(
      Object.entries(positions).flatMap(([account, entry]) => (entry.endsWith(":used") ? [who(account)] : [])),
    ),
    calls: new Map(pairs(calls).map(([position, end]) => [Number(position), end])),
    shoppers: new Map(pairs(shoppers).map(([account, end]) => [who(account), end])),
    late: new Map(pairs(late).map(([account, priority]) => [who(account), priority])),
    admissions: new Map(Object.entries(admissions).map(([account, entry]) => [who(account), entry.split(":")[0]!])),
  }
}

const pairs = (flat: string[]): [string, number][] =>
  Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, Number(flat[2 * index + 1])])
