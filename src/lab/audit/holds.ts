import { epochMs, seconds, type EpochMs } from "../../units.ts"
import { checkOf, openBreaches, type Check } from "../model/check.ts"
import type { ServerTruth } from "../model/truth.ts"
import { capAt, capsOf, inTurn } from "./settings.ts"

/**
 * I9: nobody owns more than the cap, tickets and live holds together, and no hold ever had more, given back or not.
 * The cap of an account is that of its last hold: what it had before a lower one it keeps.
 */
export const capsKept = (truth: ServerTruth): Check => {
  const lastHolds = new Map<string, EpochMs>()
  for (const { account, takenAt } of truth.holds)
    lastHolds.set(account, epochMs(Math.max(takenAt, lastHolds.get(account) ?? 0)))
  const owned = new Map<string, number>()
  const add = (account: string, count: number) => owned.set(account, (owned.get(account) ?? 0) + count)
  for (const { account } of truth.tickets) add(account, 1)
  for (const { account, seats } of truth.holds.filter((each) => each.live)) add(account, seats)
  const breaches = openBreaches()
  for (const [account, count] of owned) {
    const cap = capAt(truth, lastHolds.get(account) ?? epochMs(0))
    if (count > cap) breaches.add(`${account} has ${count} seats and the cap is ${cap}`)
  }
  for (const { holdId, account, seats, takenAt } of truth.holds) {
    const cap = capAt(truth, takenAt)
    if (seats > cap) breaches.add(`hold ${holdId} of ${account} had ${seats} seats and the cap is ${cap}`)
  }
  const caps = capsOf(truth)
  const allowed = inTurn(
    caps,
    caps.map((each) => each.maxTicketsPerUser),
  )
  return checkOf("I9 caps kept", `at most ${allowed} seats for one account`, `${owned.size} accounts`, breaches.found)
}

export const expiredHoldsReleased = (truth: ServerTruth): Check => {
  const breaches = openBreaches()
  let expired = 0
  for (const { holdId, account, live, seatsKept, expiresAt, releasedAt } of truth.holds) {
    if (releasedAt !== undefined ? releasedAt >= expiresAt : live && truth.sweptUntil >= expiresAt) expired++
    const late = (releasedAt ?? (live ? truth.sweptUntil : expiresAt)) - expiresAt
    if (late > releasedWithin)
      breaches.add(
        releasedAt === undefined
          ? `hold ${holdId} of ${account} ended ${late} ms ago and still has ${seatsKept} seats`
          : `hold ${holdId} of ${account} gave its seats back ${late} ms after its end`,
      )
    if (releasedAt !== undefined && seatsKept > 0)
      breaches.add(`hold ${holdId} of ${account} was released and ${seatsKept} of its seats were not`)
  }
  return checkOf(
    "I12 expired holds released",
    `every expired hold gives its seats back within ${releasedWithin / 1000} s`,
    `${truth.holds.length} holds, ${expired} of them expired`,
    breaches.found,
  )
}

const releasedWithin = seconds(5)
