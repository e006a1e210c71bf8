import { breachesKept, checkOf, openBreaches, type Check } from "../model/check.ts"
import type { ClientJoin, History } from "../model/history.ts"
import type { ServerTruth } from "../model/truth.ts"

export const joinsKept = (history: History, truth: ServerTruth): Check => {
  const kept = new Map(truth.entries.map((each) => [each.account, each.position]))
  const breaches = openBreaches()
  const acknowledged = history.joins.filter(hasPosition)
  for (const { account, position } of acknowledged) {
    const here = kept.get(account)
    if (here === undefined) breaches.add(`${account} was told position ${position} and is not in the journal`)
    else if (here !== position) breaches.add(`${account} was told position ${position} and the journal has ${here}`)
  }
  return checkOf(
    "I5 joins kept",
    "every acknowledged join is in the journal at the same position",
    `${acknowledged.length} joins`,
    breaches.found,
  )
}

export const positionsSteady = (history: History): Check => {
  const breaches = openBreaches()
  const told = new Map<string, number>()
  for (const { account, position } of history.joins.filter(hasPosition)) {
    const before = told.get(account)
    if (before !== undefined && before !== position)
      breaches.add(`${account} was told position ${before} by one join and ${position} by another`)
    told.set(account, before ?? position)
  }
  for (const { account, from, to } of history.moves)
    breaches.add(`${account} was at position ${from} and a later answer said ${to}`)
  for (const { account, position } of history.forgotten)
    breaches.add(`${account} was told position ${position}, then that it had not joined`)
  return checkOf(
    "I5 positions steady",
    "every answer to one account names the same position",
    `${told.size} people`,
    breaches.found,
  )
}

/** I5: positions are unique, one per account, and start at 1; only a rebuild leaves gaps. */
export const positionsDense = (truth: ServerTruth): Check => {
  const breaches = openBreaches()
  const owners = new Map<number, string>()
  const accounts = new Set<string>()
  for (const { account, position } of truth.entries) {
    const owner = owners.get(position)
    if (owner !== undefined) breaches.add(`position ${position} belongs to ${owner} and to ${account}`)
    if (accounts.has(account)) breaches.add(`${account} has more than one position, one of them ${position}`)
    owners.set(position, account)
    accounts.add(account)
  }
  const isGap = (position: number) => truth.gaps.some(({ from, to }) => from <= position && position <= to)
  const last = truth.entries.reduce((most, each) => Math.max(most, each.position), 0)
  for (let position = 1; position <= last && breaches.found.length < breachesKept; position++)
    if (!owners.has(position) && !isGap(position))
      breaches.add(`position ${position} belongs to nobody, though ${last} was given`)
  return checkOf(
    "I5 positions dense",
    "positions run from 1 without a gap, each given once",
    `${truth.entries.length} entries`,
    breaches.found,
  )
}

export const journalComplete = (truth: ServerTruth): Check => {
  const name = "I5 journal complete"
  const expected = "the journal and Redis hold the same positions"
  const { roomEntries } = truth
  if (roomEntries === undefined) return { name, passed: true, judged: false, expected, seen: "Redis was not asked" }
  const breaches = openBreaches()
  const journal = new Map(truth.entries.map((each) => [each.account, each.position]))
  for (const { account, position } of roomEntries)
    if (journal.get(account) !== position)
      breaches.add(`${account} has position ${position} in Redis and ${journal.get(account) ?? "none"} in the journal`)
  const room = new Set(roomEntries.map((each) => each.account))
  for (const { account, position } of truth.entries)
    if (!room.has(account)) breaches.add(`${account} has position ${position} in the journal and none in Redis`)
  return checkOf(name, expected, `${roomEntries.length} entries`, breaches.found)
}

/**
 * I6: a join that was acknowledged before another was sent is ahead of it; overlapping joins may land in any order. A
 * join without an answer may have worked, so its first sending counts.
 */
export const firstComeFirstServed = (history: History): Check => {
  const people = arrivalsOf(history.joins)
  const byAnswer = people.toSorted((a, b) => a.answered - b.answered)
  const bySending = people.toSorted((a, b) => a.sent - b.sent)
  const breaches = openBreaches()
  let last: Arrival | undefined
  let next = 0
  for (const later of bySending) {
    for (; next < byAnswer.length && byAnswer[next]!.answered < later.sent; next++)
      if (last === undefined || byAnswer[next]!.position > last.position) last = byAnswer[next]
    if (last !== undefined && last.position > later.position)
      breaches.add(
        `${later.account} has position ${later.position}, ahead of ${last.account} at ${last.position}, who had the answer ${later.sent - last.answered} ms before ${later.account} asked`,
      )
  }
  return checkOf(
    "I6 first come, first served",
    "who had the answer before another asked is ahead",
    `${people.length} people`,
    breaches.found,
  )
}

/** I6: everybody with a place before the second wave began is ahead of it and is admitted before any of it. */
export const firstWaveFirst = (history: History, skew: number): Check => {
  const second = new Set(history.joins.filter((each) => each.wave === 2).map((each) => each.account))
  const began = history.joins.reduce((first, { wave, sent }) => (wave === 2 ? Math.min(first, sent) : first), Infinity)
  const first = new Map(
    history.joins
      .filter((each) => hasPosition(each) && each.received < began)
      .map((each) => [each.account, each.position!]),
  )
  const [last, lastPosition] = [...first].reduce((most, each) => (each[1] > most[1] ? each : most), ["", 0])
  const breaches = openBreaches()
  for (const { account, position } of history.joins.filter(hasPosition))
    if (second.has(account) && position < lastPosition)
      breaches.add(
        `${account} of the second wave has position ${position}, ahead of ${last} of the first at ${lastPosition}`,
      )
  const waits = [...history.admissions, ...history.left].filter(
    (each) => first.has(each.account) && each.waitingSent !== undefined,
  )
  const longest = waits.reduce(
    (most, { account, waitingSent }) => (waitingSent! > most.at ? { account, at: waitingSent! as number } : most),
    { account: "", at: -Infinity },
  )
  for (const { account, received } of history.admissions)
    if (second.has(account) && longest.at > received + skew)
      breaches.add(
        `${account} of the second wave was let in while ${longest.account} of the first was told to wait ${longest.at - received} ms later`,
      )
  const name = "I6 first wave first"
  const expected = "everybody of the second wave is behind everybody of the first"
  const lookedAt = `${first.size} people of the first wave and ${second.size} of the second`
  const check = checkOf(name, expected, lookedAt, breaches.found)
  if (!check.passed || longest.at >= began) return check
  const seen = `${lookedAt}, and nobody of the first waited any more: more people or a slower pace`
  return { ...check, seen, judged: false, tooFew: true }
}

export const placeKeptOnReconnect = (history: History): Check => {
  const breaches = openBreaches()
  const told = new Map<string, { position: number; answered: number }>()
  for (const { account, position, received } of history.joins.filter(hasPosition)) {
    const known = told.get(account) ?? { position, answered: received }
    told.set(account, { ...known, answered: Math.min(known.answered, received) })
  }
  for (const { account, sent, status, positions } of history.streams) {
    const { position: joined, answered = Infinity } = told.get(account) ?? {}
    const other = positions.find((each) => each !== joined)
    if (other !== undefined)
      breaches.add(
        `${account} was told position ${joined ?? "none"} by the join and ${other} by a connection after that`,
      )
    // A request from another address may overtake the join.
    if (joined !== undefined && status === 404 && sent > answered)
      breaches.add(`${account} was told position ${joined}, and a connection after that said that it had not joined`)
  }
  const people = new Set(history.streams.map((each) => each.account)).size
  return checkOf(
    "I5 place kept on reconnect",
    "every connection tells the place that the join told",
    `${history.streams.length} connections of ${people} people`,
    breaches.found,
  )
}

type Arrival = { account: string; position: number; sent: number; answered: number }
const arrivalsOf = (joins: ClientJoin[]): Arrival[] => {
  const people = new Map<string, Arrival>()
  for (const { account, sent, received, position } of joins) {
    const known = people.get(account) ?? { account, position: Infinity, sent: Infinity, answered: Infinity }
    known.sent = Math.min(known.sent, sent)
    if (position !== undefined) {
      known.position = Math.min(known.position, position)
      known.answered = Math.min(known.answered, received)
    }
    people.set(account, known)
  }
  return [...people.values()].filter((each) => Number.isFinite(each.position))
}

const hasPosition = (join: ClientJoin): join is ClientJoin & { position: number } => join.position !== undefined
