import backdoorRace from "../../../dist/k6/backdoor_race.js" with { type: "text" }
import baseline from "../../../dist/k6/baseline.js" with { type: "text" }
import botCheckout from "../../../dist/k6/bot_checkout.js" with { type: "text" }
import checkoutFlow from "../../../dist/k6/checkout_flow.js" with { type: "text" }
import lateSurge from "../../../dist/k6/late_surge.js" with { type: "text" }
import launchSpike from "../../../dist/k6/launch_spike.js" with { type: "text" }
import mixedWorkload from "../../../dist/k6/mixed_workload.js" with { type: "text" }
import queueFairness from "../../../dist/k6/queue_fairness.js" with { type: "text" }
import readHeavy from "../../../dist/k6/read_heavy.js" with { type: "text" }
import reconnectChurn from "../../../dist/k6/reconnect_churn.js" with { type: "text" }
import refreshStorm from "../../../dist/k6/refresh_storm.js" with { type: "text" }
import regions from "../../../dist/k6/regions.js" with { type: "text" }
import soak from "../../../dist/k6/soak.js" with { type: "text" }
import spike from "../../../dist/k6/spike.js" with { type: "text" }
import capacity from "../../../dist/k6/capacity.js" with { type: "text" }
import scalperNetwork from "../../../dist/k6/scalper_network.js" with { type: "text" }
import secondSaleRegression from "../../../dist/k6/second_sale_regression.js" with { type: "text" }
import { seconds } from "../../units.ts"
import type { Check } from "../model/check.ts"
import { groupsInOrder, oneHoldEach, peopleServed } from "../audit/groups.ts"
import type { History } from "../model/history.ts"
import type { Second } from "../model/figures.ts"
import type { Setting, WireSettings } from "../model/settings.ts"
import { soakChecks } from "../audit/soak.ts"
import { nobodyBlocked, ticketsStay } from "../audit/network.ts"
import type { Stages } from "./stages.ts"

/** Settings of a run as they go over the wire; what is absent takes the default. */
export type Shape = Pick<WireSettings, "vus_max" | "ramp_up" | "steady" | "ramp_down"> &
  Partial<Pick<WireSettings, "admit_per_minute" | "waiting_room_cap" | "total_seats">>

/**
 * Requests of one person, counted in quick runs of 240 people: `once` in any case, so many a second while waiting and, where people
 * stay on, afterwards; for the `present` share of the time. A shop visit of four requests comes on top.
 */
export type Habit = { once: number; waiting: number; after: number; present?: number }

export type Scenario = {
  name: string
  /** One sentence: which failure of a real on-sale it replays. */
  story: string
  holds: string
  /** The real on-sale, or the tradition of load plans, that it replays. */
  incident?: string
  defaults: { [S in Setting as S["name"]]?: S["kind"] extends "count" ? number : string }
  /** How many of so many people may shop at once: tight where the bound itself is on trial. */
  shoppersOf?: (people: number) => number
  /** True where people also queue at another sale, to try its admissions at this one. */
  needsOtherSale?: boolean
  /** What only this scenario has to show, judged beside the invariants: the seconds of the run and what clients were told. */
  judge?: (points: Second[], history: History) => Check[]
  quick: Shape
  /** Where people ask otherwise than usual: what a run will cost is known from it. */
  habit?: Habit
  /** Where it takes more of the lab than one k6 at one sale. */
  stages?: Stages
  script: string
}

/** Enough people for the p99 of joins, on two cores that also carry k6. */
const quick: Shape = { vus_max: 240, ramp_up: "3s", steady: "10s", ramp_down: "2s" }

export const catalog: Scenario[] = [
  {
    name: "launch_spike",
    story:
      "The minute in which the doors open: the crowd comes in a rush, waits, is let in at the pace of the sale and buys.",
    holds: "Joins and polls stay quick, nobody loses a place, no seat is sold twice.",
    defaults: {},
    shoppersOf: (people) => Math.max(5, Math.ceil(people / 10)),
    incident:
      "The first minute of every big tour: the whole crowd comes at once and the shop behind the queue is narrow.",
    quick,
    habit: { once: 1, waiting: 0.8, after: 0.8 },
    script: launchSpike,
  },
  {
    name: "refresh_storm",
    story: "Everybody keeps pressing refresh in two tabs and joins again and again while few are let in.",
    holds: "The position of a person never changes, whatever they press.",
    defaults: { admitPerMinute: 300 },
    incident:
      "Every big on-sale: people press refresh all the time, and queues that count requests instead of people move them.",
    quick,
    habit: { once: 1, waiting: 3.05, after: 3.05 },
    script: refreshStorm,
  },
  {
    name: "queue_fairness",
    story: "Patient people, fast pollers, double joins and lost connections stand in one queue.",
    holds: "First come, first served: nobody is let in past somebody who was there before.",
    defaults: { admitPerMinute: 600 },
    incident: "Mumbai, September 2024: the order of the queue had nothing to do with the order of arrival.",
    quick,
    habit: { once: 1, waiting: 1.05, after: 1.05 },
    script: queueFairness,
  },
  {
    name: "backdoor_race",
    story:
      "While people queue and shop, every fourth of them tries to get in without a live admission: with none, another sale's, a tampered one, a used one, guessed ids.",
    holds: "Nobody gets in without an admission that is live, and nobody who has one is turned away.",
    defaults: { admitPerMinute: 600 },
    needsOtherSale: true,
    stages: { otherAdmission: seconds(3) },
    incident: "Waiting rooms that only hide the link: the shop behind them was called directly, past the queue.",
    quick,
    habit: { once: 1, waiting: 1.4, after: 1.4 },
    script: backdoorRace,
  },
  {
    name: "late_surge",
    story: "While the first crowd still waits, a second and larger one arrives all at once.",
    holds: "Everybody of the second crowd is behind everybody of the first, and is let in after them.",
    defaults: { admitPerMinute: 300 },
    incident: 'Mumbai, September 2024: "I joined after them [but] was way ahead".',
    quick: { ...quick, steady: "12s" },
    // Three in five come when most of the time is over.
    habit: { once: 1, waiting: 0.75, after: 0.75, present: 0.6 },
    script: lateSurge,
  },
  {
    name: "reconnect_churn",
    story:
      "Connections break every few seconds: people follow their place in a stream that is cut, in two tabs, and come back on new connections and from other addresses. In the middle a private server is started anew within its process: all connections are cut and what it remembered is gone.",
    holds: "The place survives every cut, and each new connection tells the same one.",
    defaults: { admitPerMinute: 600 },
    incident:
      "Mumbai, September 2024: people were thrown out before the sale began and came back to places at the end.",
    stages: { restartAt: 0.5 },
    quick,
    habit: { once: 1, waiting: 1.2, after: 1.2 },
    script: reconnectChurn,
  },
  {
    name: "baseline",
    story: "A calm day: some twenty people at a time come, read the page, queue for a moment, buy and go.",
    holds: "Tight limits on every step; what is slow here is slow everywhere.",
    incident: "The reference of the load plans: every other run is read beside this one.",
    defaults: { vusMax: 200 },
    quick: { vus_max: 100, ramp_up: "3s", steady: "15s", ramp_down: "2s" },
    habit: { once: 5, waiting: 0.7, after: 0 },
    script: baseline,
  },
  {
    name: "read_heavy",
    story: "Ten people look for each one who buys: 70 % read pages, 20 % queue and ask for their place, 10 % shop.",
    holds: "Readers slow down neither the queue nor the shop.",
    incident: "The announcement day of the load plans: the site fell over before anything was on sale.",
    defaults: {},
    // One in five asks for a status, and its percentile needs samples.
    quick: { ...quick, vus_max: 640 },
    habit: { once: 1, waiting: 1.05, after: 1.05 },
    script: readHeavy,
  },
  {
    name: "checkout_flow",
    story: "Nobody waits for long, nine in ten mean to buy: seats, hold, checkout, ticket.",
    holds: "More than 95 % of those who were let in, meant to buy and found seats have their tickets.",
    incident: "Checkouts that broke behind a queue that held: people lost seats that they had in the basket.",
    defaults: { totalSeats: 2000 },
    shoppersOf: (people) => people,
    quick: { ...quick, total_seats: 600 },
    habit: { once: 3, waiting: 0.7, after: 0 },
    script: checkoutFlow,
  },
  {
    name: "spike",
    story: "From nobody to everybody within a minute, and then nine in ten are gone.",
    holds: "The sale holds while it lasts and is quick again when the crowd has left.",
    incident: "A link on television: the server that survived the minute never came back from it.",
    defaults: { rampUp: "1m" },
    quick: { ...quick, ramp_up: "6s" },
    habit: { once: 3, waiting: 0.7, after: 0.1 },
    script: spike,
  },
  {
    name: "mixed_workload",
    story: "Everything at once: 60 % read, 25 % are signed in, 10 % buy, 5 % refresh like mad in two tabs.",
    holds: "The few do not spoil it for the many.",
    incident: "An ordinary Friday of a ticket shop, as its access log has it.",
    defaults: {},
    quick,
    habit: { once: 1, waiting: 1.8, after: 1.8 },
    script: mixedWorkload,
  },
  {
    name: "soak",
    story: "People come, queue, buy and go at one pace for half an hour or for a night.",
    holds: "The memory of the server and its connections to Postgres do not grow with the hours.",
    incident: "The leak that shows on the second day of a sale, when nobody watches any more.",
    defaults: { vusMax: 1800, rampUp: "1m", steady: "30m", rampDown: "30s", totalSeats: 5000 },
    judge: soakChecks,
    quick,
    habit: { once: 30, waiting: 0.7, after: 0 },
    script: soak,
  },
  {
    name: "regions",
    story:
      "People of five regions, each as far from the sale as a network takes them, on new connections all the time.",
    holds:
      "Whoever is far away comes later by the way and by nothing more: no region stands behind its order of arrival.",
    incident: "Tours that sell worldwide: those near the data centre filled the hall.",
    defaults: {},
    judge: (_points, history) => [groupsInOrder(history)],
    quick,
    habit: { once: 2, waiting: 0.7, after: 0 },
    script: regions,
  },
  {
    name: "bot_checkout",
    story:
      "Every fourth account is a script that never thinks: three tabs, polls without a pause, holds and checkouts by the handful.",
    holds: "One hold for each account, no more than the cap, and people get their share of the seats.",
    incident: "Every big tour since 2016: scripts took the seats before people had read the page.",
    defaults: { totalSeats: 400 },
    shoppersOf: (people) => Math.max(5, Math.ceil(people / 10)),
    judge: (_points, history) => [groupsInOrder(history), peopleServed(history), oneHoldEach(history)],
    quick: { ...quick, total_seats: 200 },
    habit: { once: 2, waiting: 2.2, after: 0 },
    script: botCheckout,
  },
  {
    name: "second_sale_regression",
    story:
      "Two sales of one event in a row, half of the time each: most people come to both, in an order drawn anew, a fifth only to the second.",
    holds: "Nothing of the first sale counts at the second: no place, no token, and the server is as quick as before.",
    incident: "Added dates: places, links and caches of the first sale were still good at the second.",
    defaults: {},
    stages: { secondSale: true },
    quick: { ...quick, steady: "12s", ramp_up: "4s" },
    habit: { once: 3, waiting: 0.8, after: 0 },
    script: secondSaleRegression,
  },
  {
    name: "scalper_network",
    story:
      "Two in five accounts are one network: one /24, a few cards, one device. They hold too much, hoard, transfer and resell while the public queues.",
    holds: "Caps hold, tickets stay with their buyers, nobody of the public is blocked and each gets a fair share.",
    incident:
      "Every big tour: networks of accounts bought what people queued for, and the blocks against them hit people.",
    defaults: {},
    shoppersOf: (people) => Math.max(5, Math.ceil(people / 8)),
    stages: { network: { addresses: "127.66.0.0/24", peopleOf: (people) => Math.floor(people * 0.4) } },
    judge: (_points, history) => [
      nobodyBlocked(history),
      ticketsStay(history),
      groupsInOrder(history),
      peopleServed(history),
    ],
    quick: { ...quick, vus_max: 400, total_seats: 300 },
    habit: { once: 2, waiting: 0.8, after: 0.8 },
    script: scalperNetwork,
  },
  {
    name: "capacity",
    story: "A waiting crowd asks at a rate that is doubled until answers get slow or fail, and then narrowed down.",
    holds: "The answer is a number, requests per second that the server bears, and what gave way first.",
    incident: "The question before every sale, answered by guessing.",
    defaults: { vusMax: 1000, rampUp: "5s", steady: "50s", rampDown: "1s", admitPerMinute: 60 },
    stages: { capacity: true },
    quick: { vus_max: 500, ramp_up: "3s", steady: "24s", ramp_down: "1s" },
    script: capacity,
  },
]

export const lookupScenario = (name: string) => catalog.find((each) => each.name === name)

export const scriptHashOf = ({ script }: Pick<Scenario, "script">) =>
  new Bun.CryptoHasher("sha256").update(script).digest("hex")
