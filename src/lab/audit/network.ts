import { checkOf, openBreaches, type Check } from "../model/check.ts"
import type { History } from "../model/history.ts"

export const nobodyBlocked = (history: History): Check => {
  const people = new Set(history.came.flatMap(({ account, group }) => (group === "person" ? [account] : [])))
  const breaches = openBreaches()
  const joins = history.joins.filter(({ account }) => people.has(account))
  for (const { account, status } of joins) if (status === 429) breaches.add(`the join of ${account} was answered 429`)
  for (const { account, step, status, why } of history.failures)
    if (people.has(account) && blocking.includes(status))
      breaches.add(`${step} of ${account} was answered ${status} ${why}`)
  return checkOf(
    "Nobody blocked for others",
    "no answer 401, 403 or 429 to anybody of the public who did nothing wrong",
    `${people.size} people of the public, ${joins.length} joins`,
    breaches.found,
  )
}
const blocking = [401, 403, 429]

export const ticketsStay = (history: History): Check => {
  const tried = history.attempts.filter(({ kind }) => kind === "transfer" || kind === "resell")
  const breaches = openBreaches()
  for (const { account, kind, route, status } of tried)
    if (kind === "transfer" ? status !== 403 : status >= 200 && status < 300)
      breaches.add(`${account} tried to ${kind} by ${route} and was answered ${status}`)
  return checkOf(
    "Tickets stay with the buyer",
    "every transfer is answered 403, and nobody else sees the order or the ticket",
    `${tried.length} attempts`,
    breaches.found,
  )
}
