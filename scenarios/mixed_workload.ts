// An ordinary day of a ticket shop, all at once: 60 % read pages, 25 % are signed in and follow their place, 10 % buy, 5 % are heavy:
// two tabs, a refresh four times a second, every page there is. The few must not spoil it for the many.
import exec from "k6/execution"
import { arrive, pollAt } from "./lib/person.ts"
import { queueLimits, tailOf, within } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { readBoard, readEvent, readEvents, readSale, readTickets } from "./lib/pages.ts"
import { join, joinPatiently, leave, poll } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { lookAround, shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"
import { think, waitAndShop, waitForTurn } from "./lib/visit.ts"
import type { Person } from "./lib/person.ts"

const { people } = settings
const share = (part: number) => Math.floor(people * part)

export const options = oneVuEach(["events", "event", "sale", "board", "tickets", ...wholeVisit], {
  "done{step:sale,kind:reading}": ["count>0"],
  "done{step:tickets,kind:signed_in}": ["count>0"],
  "done{step:checkout,kind:buying}": ["count>0"],
  "done{step:status,kind:heavy}": ["count>0"],
  "http_req_duration{step:sale,kind:reading}": [`${tailOf(share(0.6))}<300`],
  ...queueLimits(share(0.4), share(0.4)),
  ...within("board", 150, share(0.6)),
  ...within("tickets", 300, share(0.25)),
})
export const handleSummary = summary

export default function () {
  const person = arrive(evenly)
  const kind = kindOf(person)
  exec.vu.metrics.tags["kind"] = kind
  ways[kind](person)
  leave(person)
}

type Kind = "reading" | "signed_in" | "buying" | "heavy"

/** Of twenty people in the order of their arrival: 12, 5, 2 and 1. */
const kindOf = ({ id }: Person): Kind => {
  const place = (id * 7) % 20
  if (place < 12) return "reading"
  if (place < 17) return "signed_in"
  return place < 19 ? "buying" : "heavy"
}

const reading = (person: Person) => {
  readEvents(person)
  while (Date.now() < person.leavesAt) {
    readSale(person)
    think(person, 0.5, 1.5)
    readEvent(person)
    think(person, 0.5, 1.5)
    readBoard(person)
    think(person, 0.5, 1.5)
  }
}

const signedIn = (person: Person) => {
  readTickets(person)
  readSale(person)
  think(person, 0.2, 1)
  if (joinPatiently(person) && waitForTurn(person)) lookAround(person)
  readTickets(person)
}

const buying = (person: Person) => {
  if (joinPatiently(person)) waitAndShop(person)
}

const refreshEvery = 250
/** The sale takes 30 joins a minute from one address. */
const joinAgainEvery = 5000

const heavy = (person: Person) => {
  if (!joinPatiently(person, { tabs: 2 })) return
  let joinAgainAt = Date.now() + joinAgainEvery
  for (let next = Date.now(); next < person.leavesAt; next = Math.max(next + refreshEvery, Date.now())) {
    pollAt(next)
    readSale(person)
    readEvents(person)
    readTickets(person)
    if (Date.now() >= joinAgainAt) {
      join(person)
      joinAgainAt += joinAgainEvery
    }
    if (poll(person, { tabs: 2 }).state === "admitted" && !person.finished) shop(person)
  }
}

const ways: Record<Kind, (person: Person) => void> = { reading, signed_in: signedIn, buying, heavy }
