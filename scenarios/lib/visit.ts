import { sleep } from "k6"
import { pollAt, secondsBetween, type Person } from "./person.ts"
import { poll } from "./queue.ts"
import { shop, type Bought } from "./shop.ts"

/** What became of somebody who waited: bought something, was let in and got nothing, or never had a turn. */
export type Visit = { state: "bought"; bought: Bought } | { state: "empty_handed" } | { state: "waited" }

/** Asks as often as the sale advises, 0.5 to 2 s apart, until the turn has come or `until`, and then shops. */
export const waitAndShop = (person: Person, until = person.leavesAt): Visit => {
  if (!waitForTurn(person, until)) return { state: "waited" }
  const bought = shop(person)
  return bought === undefined ? { state: "empty_handed" } : { state: "bought", bought }
}

/** True when the turn has come. */
export const waitForTurn = (person: Person, until = person.leavesAt): boolean => {
  for (
    let next = Date.now() + 1000 * person.random(), pause = 2000;
    next < until;
    next = Math.max(next + pause, Date.now())
  ) {
    pollAt(next)
    const turn = poll(person)
    if (turn.state === "admitted") return true
    pause = Math.min(Math.max(turn.retryAfter, 500), 2000)
  }
  return false
}

export const think = (person: Person, least: number, most: number) => sleep(secondsBetween(person, least, most))
