import type { Capacity } from "../../lab/model/run.ts"
import type { Second } from "../../lab/model/figures.ts"
import { capacityFound } from "../../lab/capacity/cause.ts"
import type { Step } from "../../lab/capacity/capacity.ts"
import type { Check } from "../../lab/model/check.ts"
import { groupsInOrder, oneHoldEach, peopleServed } from "../../lab/audit/groups.ts"
import { emptyHistory, type History } from "../../lab/model/history.ts"
import { nobodyBlocked, ticketsStay } from "../../lab/audit/network.ts"
import { restartChecks } from "../../lab/play/restart.ts"
import { firstSaleWorthNothing, joinsNoSlower, placesGivenAnew } from "../../lab/audit/second-sale.ts"
import { soakChecks } from "../../lab/audit/soak.ts"
import { epochMs, millis } from "../../units.ts"
import { seenIn, type Alarm, type Row } from "./table.ts"
import { at } from "../lab/lab-run.ts"

/** What only one scenario looks at, on figures and histories that are made up. */
type Made = { alarm: Alarm; defect: string; example: RegExp; sound: () => Check[]; broken: () => Check[] }

/** People who came one after the other, in turn of these groups, and stand where `position` says. */
const queue = (groups: string[], position: (nth: number) => number): History => {
  const history = emptyHistory()
  for (let nth = 1; nth <= 60; nth++) {
    const account = `fan${nth}`
    const sent = at(nth * 100)
    history.joins.push({ account, sent, received: at(nth * 100 + 10), status: 201, position: position(nth) })
    history.came.push({ account, at: sent, group: groups[nth % groups.length]! })
  }
  return history
}
const inOrder = (nth: number) => nth
const orderOf = (account: string) => ({
  account,
  sent: at(9000),
  received: at(9010),
  key: "o",
  holdId: `hold-${account}`,
  orderId: `order-${account}`,
  ticketIds: [`ticket-${account}`],
})
const withOrders = (buys: (nth: number) => boolean): History => {
  const history = queue(["person", "bot"], inOrder)
  history.orders = history.joins
    .map((each) => each.account)
    .flatMap((each, index) => (buys(index) ? [orderOf(each)] : []))
  return history
}
const withHolds = (holdIds: string[]): History => {
  const history = queue(["bot"], inOrder)
  for (const holdId of holdIds)
    history.holds.push({ account: "fan7", sent: at(9000), received: at(9010), key: holdId, holdId, seatIds: ["s"] })
  return history
}
const withAttempt = (kind: string, status: number): History => {
  const history = queue(["person"], inOrder)
  history.attempts.push({ account: "fan1", sent: at(9000), received: at(9010), kind, route: "tickets", status })
  return history
}
const withJoinAnswered = (status: number): History => {
  const history = queue(["person"], inOrder)
  history.joins.push({ account: "fan7", sent: at(9000), received: at(9010), status })
  return history
}

const second = (
  { serverMb = 200, connections = 12 }: { serverMb?: number; connections?: number },
  index: number,
): Second => ({
  at: at(1000 * index),
  people: 60,
  requestsPerSecond: 100,
  failedRate: 0,
  memoryServerMb: serverMb,
  postgresConnections: connections,
})
const halfAnHour = (figures: (index: number) => { serverMb?: number; connections?: number }) =>
  soakChecks(Array.from({ length: 1800 }, (_, index) => second(figures(index), index)))

const joins = (p95Ms: number) => ({ p95Ms, count: 40 })

const step = (p95Ms: number): Step => ({
  rate: 100,
  answeredPerSecond: 100,
  failedShare: 0,
  p95Ms,
  lateP95Ms: 1,
  from: 0,
  until: 2000,
})
const found: Capacity = { perSecond: 100, cause: "event loop", why: "at 200 a second answers took a second" }

const made: Made[] = [
  {
    alarm: "I6 places given anew",
    defect: "a place at the first sale counts at the second",
    sound: () => [placesGivenAnew(queue(["person"], inOrder), queue(["person"], inOrder))],
    broken: () => [
      placesGivenAnew(
        queue(["person"], (nth) => 61 - nth),
        queue(["person"], (nth) => 61 - nth),
      ),
    ],
    example: /^fan1 had position 60 at the first sale, has 60 at the second and came there as number 1$/,
  },
  {
    alarm: "I8 first sale worth nothing",
    defect: "an admission of the first sale opens the second",
    sound: () => [firstSaleWorthNothing(withAttempt("first_sale_admission", 401))],
    broken: () => [firstSaleWorthNothing(withAttempt("first_sale_admission", 200))],
    example: /^fan1 tried tickets of the second sale with first sale admission: 200$/,
  },
  {
    alarm: "second sale as quick",
    defect: "what the first sale left behind slows joins down",
    sound: () => [joinsNoSlower(joins(100), joins(150))],
    broken: () => [joinsNoSlower(joins(100), joins(151))],
    example: /^151 ms is over 150 ms$/,
  },
  {
    alarm: "I6 groups in order",
    defect: "people who are far away stand at the end",
    sound: () => [groupsInOrder(queue(["near", "far"], inOrder))],
    broken: () => [groupsInOrder(queue(["near", "far"], (nth) => (nth % 2 === 1 ? 30 + (nth + 1) / 2 : nth / 2)))],
    example: /^far stands [\d.]+ places behind its order of arrival; fan\d+ has position \d+ and came as number \d+$/,
  },
  {
    alarm: "Bots gain nothing",
    defect: "scripts get nearly all tickets",
    sound: () => [peopleServed(withOrders((index) => index % 4 < 2))],
    broken: () => [peopleServed(withOrders((index) => index % 2 === 0))],
    example:
      /^(people are short|scripts are ahead): 0 % of 30 people and 100 % of 30 scripts got tickets, 50 % of all$/,
  },
  {
    alarm: "I9 one hold each",
    defect: "the constraint one_live_hold is gone, and a script holds twice",
    sound: () => [oneHoldEach(withHolds(["h1", "h1"]))],
    broken: () => [oneHoldEach(withHolds(["h1", "h2"]))],
    example: /^fan7 has the holds h1 and h2$/,
  },
  {
    alarm: "Nobody blocked for others",
    defect: "somebody of the public is blocked for what a network does",
    sound: () => [nobodyBlocked(withJoinAnswered(503))],
    broken: () => [nobodyBlocked(withJoinAnswered(429))],
    example: /^the join of fan7 was answered 429$/,
  },
  {
    alarm: "Tickets stay with the buyer",
    defect: "a ticket is transferred",
    sound: () => [ticketsStay(withAttempt("transfer", 403))],
    broken: () => [ticketsStay(withAttempt("transfer", 200))],
    example: /^fan1 tried to transfer by tickets and was answered 200$/,
  },
  {
    alarm: "Soak memory of the server",
    defect: "the server leaks 100 MB an hour",
    sound: () => halfAnHour((index) => ({ serverMb: 200 + (index % 20) })),
    broken: () => halfAnHour((index) => ({ serverMb: 200 + (index % 20) + index / 36 })),
    example: /^\d+ MB at [\d:]{8} and \d+ MB at [\d:]{8}$/,
  },
  {
    alarm: "Soak connections to Postgres",
    defect: "a connection is lost every minute",
    sound: () => halfAnHour(() => ({ connections: 12 })),
    broken: () => halfAnHour((index) => ({ connections: 12 + Math.floor(index / 60) })),
    example: /^\d+ connections at [\d:]{8}$/,
  },
  {
    alarm: "Server restarted in the middle",
    defect: "the server does not come back",
    sound: () => restartChecks({ state: "done", at: epochMs(0), took: millis(900) }),
    broken: () => restartChecks({ state: "failed", why: "port 8080 is taken" }),
    example: /^port 8080 is taken$/,
  },
  {
    alarm: "Capacity found",
    defect: "no rate holds at all",
    sound: () => [capacityFound([step(20)], found)],
    broken: () => [capacityFound([step(20_000)], undefined)],
    example: /^no rate held at all$/,
  },
]

export const storyRows: Row[] = made.map(({ sound, broken, ...row }) => ({
  ...row,
  on: "made-up figures",
  sound: async () => seenIn(sound()),
  broken: async () => seenIn(broken()),
}))
