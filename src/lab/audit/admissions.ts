import { between, epochMs, type EpochMs } from "../../units.ts"
import { checkOf, openBreaches, type Check } from "../model/check.ts"
import type { History } from "../model/history.ts"
import {
  writingTime,
  type ServerTruth,
  type TruthAdmission,
  type TruthCall,
  type TruthSettings,
} from "../model/truth.ts"
import { callsUnderSettings, inTurn, settingsOf, type UnderSettings } from "./settings.ts"

/** I6: positions are called once each, in order; only positions without an account are skipped. */
export const calledInOrder = (truth: ServerTruth): Check => {
  const breaches = openBreaches()
  const calls = firstCallsOf(truth)
  const taken = truth.entries.map((each) => each.position).toSorted((a, b) => a - b)
  let reached = 0
  let calledAt = 0
  for (const call of calls) {
    const skipped = firstWithin(taken, reached + 1, call.from - 1)
    if (call.from <= reached)
      breaches.add(`positions ${call.from} to ${call.to} were called though ${reached} had been reached`)
    else if (skipped !== undefined && !calledAgain(truth, skipped))
      breaches.add(`positions ${call.from} to ${call.to} were called after ${reached}, past ${skipped}`)
    if (call.calledAt < calledAt)
      breaches.add(
        `positions ${call.from} to ${call.to} were called ${calledAt - call.calledAt} ms before those ahead of them`,
      )
    reached = Math.max(reached, call.to)
    calledAt = Math.max(calledAt, call.calledAt)
  }
  return checkOf(
    "I6 called in order",
    "positions are called in order, each once",
    `${calls.length} calls`,
    breaches.found,
  )
}

const firstCallsOf = ({ calls }: ServerTruth) => calls.filter((each) => !each.again).toSorted((a, b) => a.from - b.from)
const calledAgain = ({ calls }: ServerTruth, position: number) =>
  calls.some((each) => each.again && each.from <= position && position <= each.to)

const firstWithin = (sorted: number[], from: number, to: number) => {
  if (from > to) return undefined
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < from) low = middle + 1
    else high = middle
  }
  const found = sorted[low]
  return found !== undefined && found <= to ? found : undefined
}

export const admittedWhenCalled = (truth: ServerTruth): Check => {
  const calls = firstCallsOf(truth)
  const again = new Map<number, EpochMs>()
  for (const { from, calledAt } of truth.calls.filter((each) => each.again))
    again.set(from, epochMs(Math.min(again.get(from) ?? Infinity, calledAt)))
  const positions = new Map(truth.entries.map((each) => [each.account, each.position]))
  const breaches = openBreaches()
  for (const { account, position, grantedAt } of truth.admissions) {
    if (positions.get(account) !== position)
      breaches.add(`${account} was let in at position ${position} and stands at ${positions.get(account) ?? "none"}`)
    const calledAt = callOf(calls, position)?.calledAt ?? again.get(position)
    if (calledAt === undefined) breaches.add(`${account} was let in at position ${position}, which was never called`)
    else if (calledAt > grantedAt + writingTime)
      breaches.add(`${account} was let in ${calledAt - grantedAt} ms before position ${position} was called`)
  }
  return checkOf(
    "I6 admitted when called",
    "an admission follows the call of its own position",
    `${truth.admissions.length} admissions`,
    breaches.found,
  )
}

const callOf = (calls: TruthCall[], position: number) => {
  let low = 0
  let high = calls.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const call = calls[middle]!
    if (position < call.from) high = middle - 1
    else if (position > call.to) low = middle + 1
    else return call
  }
  return undefined
}

/**
 * I6, as the clients saw it: B overtook A if A had a position before B asked for one and was still told to wait in a
 * poll sent after B was admitted. `skew` allows for nodes that learn of a call one tick apart. There are no false
 * reports. The cost is that of two sorts.
 */
export const nobodyOvertaken = (history: History, skew: number): Check => {
  const people = waitsOf(history)
  const byAnswer = people.toSorted((a, b) => a.joined - b.joined)
  const admitted = people.filter((each) => each.admitted !== undefined).toSorted((a, b) => a.asked - b.asked)
  const breaches = openBreaches()
  let longest: Wait | undefined
  let next = 0
  for (const quick of admitted) {
    for (; next < byAnswer.length && byAnswer[next]!.joined < quick.asked; next++)
      if (longest === undefined || byAnswer[next]!.waitingAt > longest.waitingAt) longest = byAnswer[next]
    if (longest !== undefined && longest.waitingAt > quick.admitted! + skew)
      breaches.add(
        `${quick.account} was let in while ${longest.account}, who had joined before ${quick.account} came, was told to wait ${longest.waitingAt - quick.admitted!} ms later`,
      )
  }
  return checkOf(
    "I6 nobody overtaken",
    "nobody waits on while a later comer is let in",
    `${admitted.length} people let in`,
    breaches.found,
  )
}

type Wait = { account: string; asked: number; joined: number; waitingAt: number; admitted?: EpochMs }
const waitsOf = ({ joins, admissions, left }: History): Wait[] => {
  const people = new Map<string, Wait>()
  for (const { account, sent, received, position } of joins) {
    const known = people.get(account) ?? { account, asked: Infinity, joined: Infinity, waitingAt: -Infinity }
    known.asked = Math.min(known.asked, sent)
    if (position !== undefined) known.joined = Math.min(known.joined, received)
    people.set(account, known)
  }
  for (const { account, waitingSent } of [...admissions, ...left]) {
    const known = people.get(account)
    if (known !== undefined && waitingSent !== undefined) known.waitingAt = Math.max(known.waitingAt, waitingSent)
  }
  for (const { account, received } of admissions) {
    const known = people.get(account)
    if (known !== undefined) known.admitted = known.admitted ?? received
  }
  return [...people.values()].filter((each) => Number.isFinite(each.joined))
}

/**
 * I10: the live admissions never outnumber the places. Whoever was called has a place, also when the capacity is lowered before the
 * admission begins: the places of a moment are those of the last call before it. Who had no call counts against the capacity of the moment.
 */
export const shoppersWithinCapacity = (truth: ServerTruth): Check => {
  const settings = settingsOf(truth)
  const places = placesOverTime(truth)
  const steps = truth.admissions.flatMap((each) => [
    { at: each.grantedAt, change: 1, ...each },
    { at: endOf(each), change: -1, ...each },
  ])
  steps.sort((a, b) => a.at - b.at || a.change - b.change)
  const breaches = openBreaches()
  let shoppers = 0
  let most = 0
  for (const { at, change, account, position } of steps) {
    shoppers += change
    most = Math.max(most, shoppers)
    if (change < 0) continue
    const capacity = places(position, epochMs(at))
    if (shoppers > capacity)
      breaches.add(`${account} was let in at ${new Date(at).toISOString()} as shopper ${shoppers} of ${capacity}`)
  }
  return checkOf(
    "I10 shoppers within capacity",
    `at most ${inTurn(settings, capacitiesOf(settings))} shoppers at any moment, and those called before`,
    `${truth.admissions.length} admissions, at most ${most} at once`,
    breaches.found,
  )
}

const capacitiesOf = (settings: TruthSettings[]) => settings.map((each) => each.shopperCapacity)

const placesOverTime = (truth: ServerTruth) => {
  const settings = settingsOf(truth)
  const calls = callsUnderSettings(truth).toSorted((a, b) => a.call.calledAt - b.call.calledAt)
  const turns = new Map<number, UnderSettings[]>()
  for (const each of calls)
    for (let position = each.call.from; position <= each.call.to; position++)
      turns.set(position, [...(turns.get(position) ?? []), each])
  // Whether somebody was called at all is another check's to say.
  const most = Math.max(...capacitiesOf(settings))
  return (position: number, at: EpochMs): number => {
    const own = (turns.get(position) ?? []).findLast(({ call }) => call.calledAt <= at)
    if (own === undefined) return most
    const isCovered = at <= own.call.calledAt + own.held.callWindow + writingTime
    const now = lastUntil(settings, at, (each) => each.since) ?? settings[0]!
    if (!isCovered) return now.shopperCapacity
    return (lastUntil(calls, at, ({ call }) => call.calledAt)?.held ?? now).shopperCapacity
  }
}

/** The last of them, in order of time, that is not after `at`. */
const lastUntil = <T>(sorted: T[], at: EpochMs, timeOf: (each: T) => EpochMs): T | undefined => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (timeOf(sorted[middle]!) <= at) low = middle + 1
    else high = middle
  }
  return sorted[low - 1]
}

const endOf = ({ grantedAt, endsAt, finishedAt }: TruthAdmission) =>
  Math.max(grantedAt, Math.min(endsAt, finishedAt ?? endsAt))

/**
 * I10: a call reserves a place until its window ends or, once used, until the admission ends, and no place is reserved twice.
 * A lowered capacity takes no place away: it holds for the next call.
 */
export const placesPromisedOnce = (truth: ServerTruth): Check => {
  const settings = settingsOf(truth)
  const steps = promisesOf(truth).flatMap(({ position, from, to, capacity }) => [
    { at: from, change: 1, position, capacity },
    { at: to, change: -1, position, capacity },
  ])
  steps.sort((a, b) => a.at - b.at || a.change - b.change)
  const breaches = openBreaches()
  let promised = 0
  let most = 0
  for (const { at, change, position, capacity } of steps) {
    promised += change
    most = Math.max(most, promised)
    if (change > 0 && promised > capacity)
      breaches.add(
        `position ${position} was called at ${new Date(at).toISOString()} to place ${promised} of ${capacity}`,
      )
  }
  return checkOf(
    "I10 places promised once",
    `no call past ${inTurn(settings, capacitiesOf(settings))} people called or shopping`,
    `${steps.length / 2} calls, at most ${most} places at once`,
    breaches.found,
  )
}

type Promised = { position: number; from: number; to: number; capacity: number }
const promisesOf = (truth: ServerTruth): Promised[] => {
  const grants = Map.groupBy(truth.admissions, (each) => each.position)
  const rebuilds = generationStarts(truth.calls)
  const latest = new Map<number, Promised>()
  const promises: Promised[] = []
  for (const { call, held } of callsUnderSettings(truth).toSorted((a, b) => a.call.calledAt - b.call.calledAt)) {
    const { from: first, to: last, calledAt, generation } = call
    for (let position = first; position <= last; position++) {
      const before = latest.get(position)
      if (before !== undefined) before.to = Math.max(before.from, Math.min(before.to, calledAt))
      const closes = Math.min(calledAt + held.callWindow, rebuilds.get(generation) ?? Infinity)
      const grant = grants.get(position)?.find((each) => each.grantedAt >= calledAt && each.grantedAt <= closes)
      const to = grant === undefined ? closes : endOf(grant)
      const promise = { position, from: calledAt, to, capacity: held.shopperCapacity }
      latest.set(position, promise)
      promises.push(promise)
    }
  }
  return promises
}

const generationStarts = (calls: TruthCall[]) => {
  const starts = new Map<number, number>()
  for (const { generation, calledAt } of calls)
    starts.set(generation, Math.min(starts.get(generation) ?? Infinity, calledAt))
  const order = [...starts.keys()].toSorted((a, b) => a - b)
  return new Map(order.slice(0, -1).map((generation, index) => [generation, starts.get(order[index + 1]!)!]))
}

/** I10: in every window of time no more people are called than the token bucket holds and refills, at the rate of each moment. */
export const callsWithinPace = (truth: ServerTruth): Check => {
  const settings = settingsOf(truth)
  const breaches = openBreaches()
  const bucket = openBucket(settings)
  let called = 0
  let since: EpochMs | undefined
  for (const { call, held } of callsUnderSettings({ ...truth, calls: timedCallsOf(truth) })) {
    const { from, to, calledAt } = call
    if (bucket.fill(held, calledAt)) since = calledAt
    called += to - from + 1
    const over = bucket.take(to - from + 1)
    if (over > roundingPeople)
      breaches.add(
        `positions up to ${to} were called ${Math.ceil(over)} too early: too many within ${since === undefined ? 0 : between(since, calledAt)} ms`,
      )
  }
  const rates = settings.map((each) => each.admitPerMinute)
  const expected = `at most ${inTurn(settings, rates)} a minute and one second of it at once, in every window`
  return checkOf("I10 calls within pace", expected, `${called} people called`, breaches.found)
}

/** A call that was lost with Redis is journaled with its admission, at the moment of that one: when it was made nobody knows. */
const timedCallsOf = ({ calls, admissions }: ServerTruth) => {
  const granted = new Set(admissions.map((each) => `${each.position} ${each.grantedAt}`))
  return calls
    .filter((each) => !(each.again && granted.has(`${each.from} ${each.calledAt}`)))
    .toSorted((a, b) => a.calledAt - b.calledAt || a.from - b.from)
}

/** Full at first. Time that has passed counts at the rate that held while it passed; a lowered rate makes the bucket smaller. */
const openBucket = (settings: TruthSettings[]) => {
  let next = 1
  let perMinute = settings[0]!.admitPerMinute
  let level = burstOf(perMinute)
  let at: EpochMs | undefined
  const flow = (until: EpochMs) => {
    level = Math.min(burstOf(perMinute), level + (Math.max(0, until - (at ?? until)) * perMinute) / 60_000)
    at = epochMs(Math.max(until, at ?? until))
  }
  return {
    /** Until a call that was made under these settings; true when it is full then. */
    fill: (held: TruthSettings, until: EpochMs): boolean => {
      for (const last = settings.indexOf(held); next <= last; next++) {
        flow(settings[next]!.since)
        perMinute = settings[next]!.admitPerMinute
        level = Math.min(level, burstOf(perMinute))
      }
      flow(until)
      return level === burstOf(perMinute)
    },
    /** By how many people that is too many. */
    take: (people: number): number => -(level -= people),
  }
}

/** The bucket holds one second of the pace, and never less than one person. */
const burstOf = (admitPerMinute: number) => Math.max(1, admitPerMinute / 60)
/** The bucket counts in whole milliseconds and hands out whole places. */
const roundingPeople = 1

/** I10: a pause holds for every call after it, in the room's own order. Whoever had been called before may still come. */
export const nobodyCalledWhilePaused = (truth: ServerTruth): Check => {
  const breaches = openBreaches()
  for (const { call, held } of callsUnderSettings(truth))
    if (held.paused || held.closed)
      breaches.add(
        `positions ${call.from} to ${call.to} were called at ${new Date(call.calledAt).toISOString()} while the sale was ${held.closed ? "closed" : "paused"}`,
      )
  return checkOf(
    "I10 nobody called while paused",
    "no call between a pause and its end",
    `${truth.calls.length} calls`,
    breaches.found,
  )
}
