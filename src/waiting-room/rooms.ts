import { LRUCache } from "lru-cache"
import type { Clock } from "../clock.ts"
import type { AccountId, SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { isStoreAway } from "../stores/postgres.ts"
import { isRedisAway, type Redis } from "../stores/redis.ts"
import type { Load } from "./batch.ts"
import { keysOf, roomsKey } from "./keys.ts"
import { leadMax, type Limits } from "./limits.ts"
import type { openPositions } from "./positions.ts"
import type { Recovery } from "./recovery.ts"
import { closeRoom, markRecovering, newRoom, openRoom, type Joining, type OrRecovering, type Room } from "./room.ts"
import * as scripts from "./scripts.ts"
import type { RoomSettings } from "./settings.ts"
import { snapshotOf, versioned, type Snapshot } from "./snapshot.ts"

/** A store does not answer, or another process has the room's row for longer than one may wait: try again later. */
export const isAway = (error: unknown) => isRedisAway(error) || isStoreAway(error)

const recoveringWhenAway = (error: unknown): "recovering" => {
  if (isAway(error)) return "recovering"
  throw error
}

type Parts = {
  redis: Redis
  clock: Clock
  log: Log
  recovery: Recovery
  positions: ReturnType<typeof openPositions>
  limits: Limits
}
export type Rooms = ReturnType<typeof openRooms>

/** The rooms as this process knows them: verified or closed, and what was last seen of each. */
export const openRooms = ({ redis, clock, log, recovery, positions, limits }: Parts) => {
  const rooms = new Map<SaleId, Room>()
  const loading = new Map<SaleId, Promise<Room | undefined>>()
  const load: Load = { items: 0 }
  const unknown = new LRUCache<SaleId, true>({ max: 10_000, ttl: 1000 })
  let runId: string | undefined

  const join = async (room: Room, items: Joining[]): Promise<OrRecovering<scripts.JoinAnswer>[]> => {
    const { generation, seen } = room
    if (generation === undefined) return items.map(() => "recovering")
    const args = {
      generation,
      now_ms: clock(),
      lead_ms: leadMax,
      floor: seen.joined,
      lag_cap: limits.journalLagMax,
      batch: batchText(items),
    }
    const reply = await scripts.join(redis, keysOf(room.saleId), args).catch(recoveringWhenAway)
    if (reply === "recovering") return items.map(() => "recovering")
    if (reply.state === "recovering") {
      lose(room, generation)
      return items.map(() => "recovering")
    }
    for (let index = 0; index < items.length; index++) {
      const answer = reply.answers[index]!
      if (answer.state === "joined") remember(room, items[index]!.accountId, answer.position)
    }
    return reply.answers
  }

  const find = async (room: Room, accounts: AccountId[]): Promise<OrRecovering<number | undefined>[]> => {
    const { generation, seen } = room
    if (generation === undefined) return accounts.map(() => "recovering")
    const reply = await scripts.find(redis, keysOf(room.saleId), { generation, floor: seen.joined }, accounts)
    if (reply.state === "recovering") {
      lose(room, generation)
      return accounts.map(() => "recovering")
    }
    for (const [index, position] of reply.positions.entries())
      if (position !== undefined) remember(room, accounts[index]!, position)
    return reply.positions
  }

  const remember = (room: Room, accountId: AccountId, position: number) => {
    room.seen.joined = Math.max(room.seen.joined, position)
    positions.remember(room.saleId, accountId, position)
  }

  /** A script has answered "recovering": unless the room was verified anew meanwhile, it is closed here and looked at. */
  const lose = (room: Room, generation: number) => {
    if (room.generation !== generation) return
    closeRoom(room, { suspend: false })
    void verify(room).catch(() => {})
  }

  /** One verification at a time per room. @throws when a store is away. */
  const verify = (room: Room, given?: RoomSettings): Promise<void> =>
    (room.verifying ??= verifyNow(room, given).finally(() => (room.verifying = undefined)))

  const verifyNow = async (room: Room, given?: RoomSettings) => {
    const { closings } = room
    const answeringId = await runIdOf(redis)
    const verified = await recovery.verify(room.saleId, { ...room.seen, at: room.snapshot?.takenAt }, given)
    // A process that was started since has never seen it: without this it could tell nobody how it ended.
    const past = verified.state === "collected" && !room.snapshot ? await recovery.recall(room.saleId) : undefined
    if (room.closings !== closings) return
    runId = answeringId
    if (verified.state === "unknown_sale") {
      if (!room.snapshot) rooms.delete(room.saleId)
      unknown.set(room.saleId, true)
    } else if (verified.state === "collected") {
      room.snapshot ??= past
      collect(room)
    } else if (verified.state === "verified") {
      openRoom(room, verified.generation)
      await view(room)
    }
  }

  const collect = (room: Room) => {
    room.collected = true
    positions.forget(room.saleId)
    room.turns.clear()
    if (room.snapshot) room.snapshot = versioned({ ...room.snapshot, phase: "closed", recovering: false })
    room.ready.resolve()
    const collected = [...rooms.values()].filter((each) => each.collected)
    for (const each of collected.slice(0, Math.max(0, collected.length - collectedMax))) rooms.delete(each.saleId)
  }

  const view = async (room: Room) => {
    const { generation, saleId, seen } = room
    if (generation === undefined) return
    const viewed = await scripts.view(redis, keysOf(saleId), {})
    if (room.generation !== generation) return
    const now = clock()
    const field = (name: string) => (viewed.state === "viewed" ? Number(viewed.fields[name] ?? 0) : 0)
    if (field("generation") !== generation || field("joined") < seen.joined) return lose(room, generation)
    if (viewed.state === "absent") return
    room.rebuiltAt = field("rebuilt_ms")
    room.pace.add({ at: now, advanced: field("advanced"), waiting: field("joined") - field("now_serving") })
    const taken = snapshotOf(saleId, now, viewed, room.pace.measure(field("admit_per_minute")))
    seen.joined = taken.joined
    // What people were told only moves forward, also when the last calls before a loss are made again.
    seen.nowServing = Math.max(seen.nowServing, taken.nowServing)
    room.snapshot = versioned({ ...taken, nowServing: seen.nowServing })
  }

  const begin = async (saleId: SaleId, given?: RoomSettings) => {
    const room = newRoom(saleId, { join, find }, limits, load)
    rooms.set(saleId, room)
    try {
      await verify(room, given)
    } catch (error) {
      // Whether there is such a sale is not known yet.
      if (!room.snapshot) rooms.delete(saleId)
      throw error
    }
    return rooms.get(saleId)
  }

  /** The room of a sale, undefined when there is no such sale. @throws when a store is away and the room is not known here yet. */
  const lookup = (saleId: SaleId, given?: RoomSettings): Promise<Room | undefined> => {
    if (given) unknown.delete(saleId)
    else if (unknown.has(saleId)) return Promise.resolve(undefined)
    const already = loading.get(saleId)
    if (already) return already
    const room = rooms.get(saleId)
    if (room) return Promise.resolve(room)
    const loaded = begin(saleId, given).finally(() => loading.delete(saleId))
    loading.set(saleId, loaded)
    return loaded
  }

  const refreshRoom = async (room: Room) => {
    if (room.collected) return
    try {
      if (room.generation !== undefined) await view(room)
      else void verify(room).catch((error) => complain(room, error))
    } catch (error) {
      complain(room, error)
    }
  }

  const complain = (room: Room, error: unknown) => {
    markRecovering(room)
    if (!isAway(error)) log.error({ sale_id: room.saleId, error }, "a waiting room could not be refreshed")
  }

  const gone = () => {
    for (const room of rooms.values()) if (!room.collected) closeRoom(room, { suspend: true })
  }
  /** The same Redis again: what was verified holds. Another one, or the same started anew: everything is looked at. */
  const back = async () => {
    const answeringId = await runIdOf(redis).catch(() => undefined)
    const same = answeringId !== undefined && answeringId === runId
    for (const room of rooms.values()) {
      if (room.collected) continue
      if (same && room.suspended !== undefined && room.generation === undefined) openRoom(room, room.suspended)
      else if (room.generation === undefined) void verify(room).catch((error) => complain(room, error))
    }
  }
  redis.on("close", gone)
  redis.on("ready", back)

  return {
    load,
    lookup,
    get: (saleId: SaleId) => rooms.get(saleId),
    /** The room, when it takes calls in this process at this moment. */
    lookupOpen(saleId: SaleId) {
      const room = rooms.get(saleId)
      return room?.generation === undefined ? undefined : room
    },
    lose,
    view,
    remember,
    snapshots: (): Snapshot[] => [...rooms.values()].flatMap((room) => room.snapshot ?? []),
    async refresh() {
      try {
        for (const saleId of await redis.smembers(roomsKey))
          if (!rooms.has(saleId as SaleId)) void lookup(saleId as SaleId).catch(() => {})
      } catch (error) {
        for (const room of rooms.values()) if (!room.collected) complain(room, error)
      }
      await Promise.all([...rooms.values()].map(refreshRoom))
    },
    close() {
      redis.off("close", gone)
      redis.off("ready", back)
    },
  }
}

/** Rooms that Redis has given up and this process still answers for without asking Postgres first. */
const collectedMax = 1000

const batchText = (items: Joining[]) => {
  let text = ""
  for (const each of items) text += text === "" ? joiningText(each) : ` ${joiningText(each)}`
  return text
}
const joiningText = ({ accountId, receiptPosition }: Joining) =>
  receiptPosition ? `${accountId}:${receiptPosition.position}:${receiptPosition.joinedAt}` : accountId

/** Changes with every start of a Redis. Of a Cluster some node answers, which at worst means one look too many. */
const runIdOf = async (redis: Redis) => /run_id:(\w+)/.exec(await redis.info("server"))?.[1]
