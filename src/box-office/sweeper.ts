import type { Clock } from "../clock.ts"
import type { HoldId } from "../ids.ts"
import type { Log } from "../log.ts"
import { openLoop, type Loop } from "../loop.ts"
import { isRefusing, isStoreAway, transaction, type Pool } from "../stores/postgres.ts"
import { seconds, type EpochMs, type Millis } from "../units.ts"
import { forgetOldKeys } from "./idempotency.ts"
import { isLive, releaseHolds } from "./release.ts"

export type Sweeper = Pick<Loop, "start" | "stop"> & {
  tick(): Promise<{ released: number }>
  /** As far as this node knows: what shoppers ask of Postgres is done, and so is what the sweeper asks. */
  canPay(): boolean
}

type SweeperParts = {
  sql: Pool
  clock: Clock
  log: Log
  /** While the clock is not to be trusted another node sweeps, or none, which is an outage. */
  isTrusted?: () => boolean
}

const tickEvery = seconds(1)
/** Longer than this without a sweep is an outage of ours, or a jump of the clock. */
const gapMax = seconds(5)
/** Of a sweep that Postgres does not answer. */
const stuckAfter = seconds(2)
const holdsPerBatch = 50
/** 10,000 holds a tick; the rest waits for the next one. */
const batchesPerTick = 200

/** Releases holds that are past their end, on every node at once if need be: each takes what no other has locked. */
export const openSweeper = ({ sql, clock, isTrusted = () => true, log }: SweeperParts): Sweeper => {
  let swept = false
  let failing = false
  let begun: number | undefined

  const tick = async () => {
    if (!isTrusted()) return { released: 0 }
    // Nothing ends while nobody can pay: it is a gap, and counted to nobody.
    if (isRefusing(sql)) {
      swept = false
      return { released: 0 }
    }
    begun = performance.now()
    try {
      const done = await sweep()
      failing = false
      return done
    } catch (error) {
      failing = true
      swept = false
      throw error
    } finally {
      begun = undefined
    }
  }

  const sweep = async () => {
    const now = clock()
    const lost = await extendOverGap(sql, now, swept ? gapMax : seconds(0))
    swept = true
    if (lost > 0) log.warn({ lost_ms: lost }, "holds were extended by the time in which nobody could pay")
    let released = 0
    for (let batch = 0; batch < batchesPerTick; batch++) {
      const count = await releaseDue(sql, now)
      released += count
      if (count < holdsPerBatch) break
    }
    await forgetOldKeys(sql, now)
    return { released }
  }

  const { start, stop } = openLoop({ name: "sweeper", every: tickEvery, work: tick, log, isAway: isStoreAway })
  const isStuck = () => begun !== undefined && performance.now() - begun > stuckAfter
  return { start, stop, tick, canPay: () => !failing && !isStuck() && !isRefusing(sql) }
}

/**
 * Live holds get the time back in which no node swept: nobody loses a hold to our own downtime.
 * `counted` of the gap still counts as passed: a process that runs but ticks late must not keep holds alive for ever.
 * All nodes agree through one locked row. Returns by how much the holds were extended.
 */
const extendOverGap = (sql: Pool, now: EpochMs, counted: Millis): Promise<number> =>
  transaction(
    sql,
    async (tx) => {
      const [sweep] = await tx<{ sweptAt: EpochMs | null }[]>`select swept_at from sweeps limit 1 for update`
      const sweptAt = sweep?.sweptAt
      if (sweptAt && sweptAt >= now) return 0
      const gap = sweptAt ? now - sweptAt : 0
      const lost = gap > gapMax ? gap - counted : 0
      if (sweptAt && lost > 0)
        await tx`
        update holds set expires_at = expires_at + ${lost}::int8 * interval '1 millisecond'
        where ${isLive(tx)} and expires_at > ${sweptAt}`
      await tx`update sweeps set swept_at = ${now}`
      return lost
    },
    { isPatient: true },
  )

const releaseDue = (sql: Pool, now: EpochMs): Promise<number> =>
  transaction(
    sql,
    async (tx) => {
      const due = await tx<{ holdId: HoldId }[]>`
      select hold_id from holds
      where ${isLive(tx)} and expires_at <= ${now}
      order by expires_at, hold_id
      limit ${holdsPerBatch}
      for update skip locked`
      if (due.length > 0)
        await releaseHolds(
          tx,
          due.map((hold) => hold.holdId),
          now,
        )
      return due.length
    },
    { isPatient: true },
  )
