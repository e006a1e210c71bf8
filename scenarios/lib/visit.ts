import { sleep } from "k6"
import { pollAt, secondsBetween, type Person } from "./person.ts"
import { lookAtBoard, poll, type Turn } from "./queue.ts"
import { shop, type Bought } from "./shop.ts"

export type Visit = { state: "bought"; bought: Bought } | { state: "empty_handed" } | { state: "waited" }

/** Asks as often as the sale advises, 0.5 to 2 s apart, until the turn has come or `until`, and then shops. */
export const waitAndShop = (person: Person, until = person.leavesAt): Visit => {
  if (!waitForTurn(person, until)) return { state: "waited" }
  const bought = shop(person)
  return bought === undefined ? { state: "empty_handed" } : { state: "bought", bought }
}

/**
 * Asks as often as the sale advises for as long as the person stays, and looks at the board when there is nothing more to ask for.
 * `before`: done ahead of each time, `afterwards`: beside the board.
 */
export const stayOn = (
  person: Person,
  onTurn: (turn: Turn) => void,
  { before, afterwards }: { before?: () => void; afterwards?: () => void } = {},
) => {
  for (
    let next = Date.now() + 1000 * person.random(), pause = 2000;
    next < person.leavesAt;
    next = Math.max(next + pause, Date.now())
  ) {
    pollAt(next)
    if (person.finished) {
      afterwards?.()
      lookAtBoard(person)
      continue
    }
    before?.()
    const turn = poll(person)
    pause = advised(turn)
    onTurn(turn)
  }
}

const advised = ({ retryAfter }: Turn) => Math.min(Math.max(retryAfter, 500), 2000)

export const waitForTurn = (person: Person, until = person.leavesAt): boolean => {
  for (
    let next = Date.now() + 1000 * person.random(), pause = 2000;
    next < until;
    next = Math.max(next + pause, Date.now())
  ) {
    pollAt(next)
    const turn = poll(person)
    if (turn.state === "admitted") return true
    pause = advised(turn)
  }
  return false
}

export const think = (person: Person, least: number, most: number) => sleep(secondsBetween(person, least, most))
