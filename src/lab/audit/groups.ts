import { percent } from "../model/percent.ts"
import { checkOf, openBreaches, type Check, type CheckName } from "../model/check.ts"
import type { History } from "../model/history.ts"

/**
 * I6: no group gets a worse or better place than its arrivals earned, whatever its distance or speed. Ranks go by the
 * moment at which the request of the acknowledged join was sent, before any latency.
 */
export const groupsInOrder = (history: History): Check => {
  const name = "I6 groups in order"
  const arrivals = arrivalsOf(history)
  const tolerance = Math.max(places, placesShare * arrivals.length)
  const expected = `each group stands within ${round(tolerance)} places of its order of arrival, on average`
  const groups = Map.groupBy(
    arrivals.map((each, rank) => ({ ...each, moved: each.place - rank })),
    (each) => each.group,
  )
  const lookedAt = [...groups].map(([group, some]) => `${group} ${signed(meanOf(some.map((each) => each.moved)))}`)
  if (groups.size < 2 || [...groups.values()].some((some) => some.length < groupLeast))
    return tooFew(name, expected, `${lookedAt.join(", ")}; each group needs ${groupLeast} people`)
  const breaches = openBreaches()
  for (const [group, some] of groups) {
    const mean = meanOf(some.map((each) => each.moved))
    if (Math.abs(mean) <= tolerance) continue
    const worst = some.toSorted((a, b) => Math.abs(b.moved) - Math.abs(a.moved))[0]!
    breaches.add(
      `${group} stands ${round(Math.abs(mean))} places ${mean > 0 ? "behind" : "ahead of"} its order of arrival; ${worst.account} has position ${worst.position} and came as number ${worst.place - worst.moved + 1}`,
    )
  }
  return checkOf(
    name,
    expected,
    `${groups.size} groups of ${arrivals.length} people (${lookedAt.join(", ")})`,
    breaches.found,
  )
}

/** Ranks a group may be off by, since concurrent joins may land in any order. */
const places = 3
const placesShare = 0.02
const groupLeast = 5

/**
 * Bots gain nothing: of those who joined, the share of people with tickets is not below the share of all, and that of
 * bots not above it, except by chance and for the last few seats, which faster clients get.
 */
export const peopleServed = (history: History): Check => {
  const name = "Bots gain nothing"
  const joined = groupsOf(history)
  const buyers = new Set(history.orders.map((each) => each.account))
  const all = [...joined.values()].flat()
  const fair = shareOf(all, buyers)
  const expected = "people get tickets as often as everybody, and scripts no more often"
  const [people, bots] = [joined.get("person") ?? [], joined.get("bot") ?? []]
  const seen = `${percent(shareOf(people, buyers))} of ${people.length} people and ${percent(shareOf(bots, buyers))} of ${bots.length} scripts got tickets, ${percent(fair)} of all`
  if (people.length < servedLeast || bots.length < servedLeast)
    return tooFew(name, expected, `${seen}; ${servedLeast} of each are needed`)
  const breaches = openBreaches()
  const slack = (size: number) =>
    lastSeats + 3 * Math.sqrt(((fair * (1 - fair)) / size) * ((all.length - size) / (all.length - 1)))
  if (shareOf(people, buyers) < fair - slack(people.length)) breaches.add(`people are short: ${seen}`)
  if (shareOf(bots, buyers) > fair + slack(bots.length)) breaches.add(`scripts are ahead: ${seen}`)
  return checkOf(name, expected, seen, breaches.found)
}

const servedLeast = 10
/** Share of the people who are in the shop when the last seats are sold. */
const lastSeats = 0.1

/**
 * I9: an account gets one hold, however often and by whatever request it asks. Holds only where nobody releases a
 * hold.
 */
export const oneHoldEach = (history: History): Check => {
  const first = new Map<string, string>()
  const breaches = openBreaches()
  for (const { account, holdId } of history.holds) {
    const before = first.get(account)
    if (before !== undefined && before !== holdId) breaches.add(`${account} has the holds ${before} and ${holdId}`)
    first.set(account, before ?? holdId)
  }
  const lookedAt = `${history.holds.length} answers to ${first.size} accounts`
  return checkOf("I9 one hold each", "one hold for each account", lookedAt, breaches.found)
}

type Arrival = { account: string; group: string; sent: number; position: number; place: number }

const arrivalsOf = ({ joins, came }: History): Arrival[] => {
  const groups = new Map(came.map(({ account, group }) => [account, group]))
  const first = new Map<string, Omit<Arrival, "place">>()
  for (const { account, sent, position } of joins) {
    const group = groups.get(account)
    if (position === undefined || group === undefined || first.has(account)) continue
    first.set(account, { account, group, sent, position })
  }
  const byPosition = [...first.values()].toSorted((a, b) => a.position - b.position)
  return byPosition.map((each, place) => ({ ...each, place })).toSorted((a, b) => a.sent - b.sent)
}

const groupsOf = (history: History): Map<string, string[]> => {
  const groups = new Map<string, string[]>()
  for (const { account, group } of arrivalsOf(history)) groups.set(group, [...(groups.get(group) ?? []), account])
  return groups
}

const shareOf = (accounts: string[], buyers: Set<string>) =>
  accounts.length === 0 ? 0 : accounts.filter((each) => buyers.has(each)).length / accounts.length
const meanOf = (values: number[]) => values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length)
const tooFew = (name: CheckName, expected: string, seen: string): Check => ({
  name,
  passed: true,
  judged: false,
  tooFew: true,
  expected,
  seen,
})
const round = (value: number) => Math.round(value * 10) / 10
const signed = (value: number) => `${value > 0 ? "+" : ""}${round(value)}`
