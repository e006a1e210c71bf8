import { checkOf, fails, openBreaches, passes, type Check } from "../model/check.ts"
import type { ClientJoin, History } from "../model/history.ts"

/**
 * I6 over two sales: a place at the second sale depends only on the arrivals there. Whoever was answered before
 * another asked is ahead, so each place has exact bounds.
 */
export const placesGivenAnew = (first: History, second: History): Check => {
  const before = placesOf(first.joins)
  const people = [...placesOf(second.joins).values()]
  const answers = people.map((each) => each.answered).sort((a, b) => a - b)
  const asks = people.map((each) => each.sent).sort((a, b) => a - b)
  const breaches = openBreaches()
  for (const { account, position, sent, answered } of people) {
    const [ahead, possiblyAhead] = [countBelow(answers, sent), countBelow(asks, answered + 1) - 1]
    if (Number.isNaN(position) || (position > ahead && position <= possiblyAhead + 1)) continue
    const was = before.get(account)?.position
    const came = was === undefined ? "was not at the first sale" : `had position ${was} at the first sale`
    const due = ahead === possiblyAhead ? `${ahead + 1}` : `${ahead + 1} to ${possiblyAhead + 1}`
    breaches.add(`${account} ${came}, has ${position} at the second and came there as number ${due}`)
  }
  const known = people.filter((each) => before.has(each.account))
  return checkOf(
    "I6 places given anew",
    "a place at the second sale is the order of arrival there and nothing of the first",
    `${known.length} people of the first sale and ${people.length - known.length} new ones`,
    breaches.found,
  )
}

export const firstSaleWorthNothing = (second: History): Check => {
  const tried = second.attempts.filter((each) => each.kind.startsWith("first_sale_"))
  const breaches = openBreaches()
  for (const { account, kind, route, status } of tried)
    if (status >= 200 && status < 300)
      breaches.add(`${account} tried ${route} of the second sale with ${kind.replaceAll("_", " ")}: ${status}`)
  return checkOf(
    "I8 first sale worth nothing",
    "admissions, receipts and places of the first sale are refused at the second",
    `${tried.length} attempts`,
    breaches.found,
  )
}

export type JoinTimes = { p95Ms?: number; count: number }

export const joinsNoSlower = (first: JoinTimes, second: JoinTimes): Check => {
  const name = "second sale as quick"
  const expected = "the p95 of joins is at most 1.3 times, or 50 ms over, that of the first sale"
  if (first.p95Ms === undefined || second.p95Ms === undefined)
    return fails(name, expected, "no sample", "one of the two sales had no join")
  const most = Math.max(first.p95Ms * slowerMost, first.p95Ms + moreMsMost)
  const seen = `${ms(first.p95Ms)} at the first sale, ${ms(second.p95Ms)} at the second`
  const joins = Math.min(first.count, second.count)
  if (joins < joinsLeast)
    return { ...passes(name, expected, `${seen}; ${joins} joins are too few for a p95`), judged: false }
  return second.p95Ms <= most
    ? passes(name, expected, seen)
    : fails(name, expected, seen, `${ms(second.p95Ms)} is over ${ms(most)}`)
}

/** Fewest joins for a p95 of them to be judged. */
const joinsLeast = 40
const slowerMost = 1.3
const moreMsMost = 50

const ms = (value: number) => `${Math.round(value * 10) / 10} ms`

type Place = { account: string; position: number; sent: number; answered: number }

/** A join without an answer may have taken a place, so it counts as sent and never answered, at position NaN. */
const placesOf = (joins: ClientJoin[]): Map<string, Place> => {
  const places = new Map<string, Place>()
  for (const { account, sent, received, position } of joins) {
    const known = places.get(account) ?? { account, position: Number.NaN, sent: Infinity, answered: Infinity }
    known.sent = Math.min(known.sent, sent)
    if (position !== undefined && received < known.answered) {
      known.position = position
      known.answered = received
    }
    places.set(account, known)
  }
  return places
}

const countBelow = (sorted: number[], limit: number) => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}
