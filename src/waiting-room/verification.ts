import type { SaleId } from "../ids.ts"
import { isAway } from "./away.ts"
import { keysOf } from "./keys.ts"
import type { KnownRooms } from "./known-rooms.ts"
import { putBack } from "./put-back.ts"
import { putBackShoppers } from "./put-back-shoppers.ts"
import { closeRoom, markRecovering, openRoom, type Room } from "./room.ts"
import { view as viewScript } from "./scripts.ts"
import type { RoomSettings } from "./settings.ts"
import { snapshotOf, versioned } from "./snapshot.ts"
import type { Verified } from "./verified.ts"

/** Opens the room in this process once its copy in Redis is verified. @throws when a store is away. */
export const verify = (known: KnownRooms, room: Room, given?: RoomSettings): Promise<void> =>
  (room.verifying ??= verifyNow(known, room, given).finally(() => (room.verifying = undefined)))

const verifyNow = async (known: KnownRooms, room: Room, given?: RoomSettings) => {
  const { recovery, redis } = known
  const { closings } = room
  const answeringId = await runIdOf(redis)
  const verified = await recovery.verify(room.saleId, { ...room.highWater, at: room.snapshot?.takenAt }, given)
  // A process that started after the room closed has no snapshot of it.
  const past = verified.state === "collected" && !room.snapshot ? await recovery.recall(room.saleId) : undefined
  if (room.closings !== closings) return
  known.runId = answeringId
  room.snapshot ??= past
  await apply(known, room, verified)
}

const apply = async (known: KnownRooms, room: Room, verified: Verified) => {
  switch (verified.state) {
    case "verified":
      if (!(await putBack(known, room, verified.generation))) return
      if (!(await putBackShoppers(known, room, verified.generation))) return
      openRoom(room, verified.generation)
      return view(known, room)
    case "collected":
      return collect(known, room)
    case "unknown_sale":
      if (!room.snapshot) known.bySale.delete(room.saleId)
      known.unknown.set(room.saleId, true)
  }
}

const collect = ({ bySale, positions }: KnownRooms, room: Room) => {
  room.collected = true
  positions.forget(room.saleId)
  room.turns.clear()
  room.finished.clear()
  if (room.snapshot) room.snapshot = versioned({ ...room.snapshot, phase: "closed", recovering: false })
  room.ready.resolve()
  const collected = [...bySale.values()].filter((each) => each.collected)
  for (const each of collected.slice(0, Math.max(0, collected.length - collectedMax))) bySale.delete(each.saleId)
}

/** Takes a snapshot. A copy that knows less than this process has answered is stale. */
export const view = async (known: KnownRooms, room: Room) => {
  const { generation, saleId, highWater } = room
  if (generation === undefined) return
  const viewed = await viewScript(known.redis, keysOf(saleId), {})
  if (room.generation !== generation) return
  const now = known.clock()
  const field = (name: string) => (viewed.state === "viewed" ? Number(viewed.fields[name] ?? 0) : 0)
  if (field("generation") !== generation || field("joined") < highWater.joined) return lose(known, room, generation)
  if (viewed.state === "absent") return
  room.rebuiltAt = field("rebuilt_ms")
  room.pace.add({ at: now, advanced: field("advanced"), waiting: field("joined") - field("now_serving") })
  const taken = snapshotOf(saleId, now, viewed, room.pace.measure(field("admit_per_minute")))
  highWater.joined = taken.joined
  // now_serving never moves back, also when calls before a loss are repeated.
  highWater.nowServing = Math.max(highWater.nowServing, taken.nowServing)
  room.snapshot = versioned({ ...taken, nowServing: highWater.nowServing })
}

/** Closes a room to which a script answered "recovering", unless it was verified again meanwhile. */
export const lose = (known: KnownRooms, room: Room, generation: number) => {
  if (room.generation !== generation) return
  closeRoom(room, { suspend: false })
  verifySoon(known, room)
}

export const verifySoon = (known: KnownRooms, room: Room) =>
  void verify(known, room).catch((error: unknown) => failed(known, room, error))

export const failed = ({ log }: KnownRooms, room: Room, error: unknown) => {
  markRecovering(room)
  logFailure(log, room.saleId, error)
}

export const logFailure = (log: KnownRooms["log"], saleId: SaleId, error: unknown) => {
  if (!isAway(error)) log.error({ error, sale_id: saleId }, "a waiting room could not be refreshed")
}

/** No room is open until it is known which Redis answers next. */
export const suspendRooms = ({ bySale }: KnownRooms) => {
  for (const room of bySale.values()) if (!room.collected) closeRoom(room, { suspend: true })
}

/** Rooms stay verified when the same run of Redis answers again; otherwise each is verified. */
export const resumeRooms = async (known: KnownRooms) => {
  const answeringId = await runIdOf(known.redis).catch((error: unknown) => {
    if (!isAway(error)) known.log.error({ error }, "Redis does not say which run it is")
  })
  const same = answeringId !== undefined && answeringId === known.runId
  for (const room of known.bySale.values()) {
    if (room.collected) continue
    if (same && room.suspended !== undefined && room.generation === undefined) openRoom(room, room.suspended)
    else if (room.generation === undefined) verifySoon(known, room)
  }
}

/** In a Cluster any node answers, which at worst costs a verification. */
const runIdOf = async (redis: KnownRooms["redis"]) => /run_id:(\w+)/.exec(await redis.info("server"))?.[1]

const collectedMax = 1000
