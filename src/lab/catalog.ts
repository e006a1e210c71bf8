import backdoorRace from "../../dist/k6/backdoor_race.js" with { type: "text" }
import lateSurge from "../../dist/k6/late_surge.js" with { type: "text" }
import launchSpike from "../../dist/k6/launch_spike.js" with { type: "text" }
import queueFairness from "../../dist/k6/queue_fairness.js" with { type: "text" }
import reconnectChurn from "../../dist/k6/reconnect_churn.js" with { type: "text" }
import refreshStorm from "../../dist/k6/refresh_storm.js" with { type: "text" }

export type Scenario = {
  name: string
  /** One sentence: which failure of a real on-sale it replays. */
  story: string
  /** What has to hold, for people. */
  holds: string
  /** Where the scenario makes no sense with the general defaults. */
  defaults: { admitPerMinute?: number }
  /** How many of so many people may shop at once: tight where the bound itself is on trial. */
  shoppersOf?: (people: number) => number
  /** True where people also queue at another sale, to try its admissions at this one. */
  needsOtherSale?: boolean
  script: string
}

export const catalog: Scenario[] = [
  {
    name: "launch_spike",
    story:
      "The minute in which the doors open: the crowd comes in a rush, waits, is let in at the pace of the sale and buys.",
    holds: "Joins and polls stay quick, nobody loses a place, no seat is sold twice.",
    defaults: {},
    shoppersOf: (people) => Math.max(5, Math.ceil(people / 10)),
    script: launchSpike,
  },
  {
    name: "refresh_storm",
    story: "Everybody keeps pressing refresh in two tabs and joins again and again while few are let in.",
    holds: "The position of a person never changes, whatever they press.",
    defaults: { admitPerMinute: 300 },
    script: refreshStorm,
  },
  {
    name: "queue_fairness",
    story: "Patient people, fast pollers, double joins and lost connections stand in one queue.",
    holds: "First come, first served: nobody is let in past somebody who was there before.",
    defaults: { admitPerMinute: 600 },
    script: queueFairness,
  },
  {
    name: "backdoor_race",
    story:
      "While people queue and shop, every fourth of them tries to get in without a live admission: with none, another sale's, a tampered one, a used one, guessed ids.",
    holds: "Nobody gets in without an admission that is live, and nobody who has one is turned away.",
    defaults: { admitPerMinute: 600 },
    needsOtherSale: true,
    script: backdoorRace,
  },
  {
    name: "late_surge",
    story: "While the first crowd still waits, a second and larger one arrives all at once.",
    holds: "Everybody of the second crowd is behind everybody of the first, and is let in after them.",
    defaults: { admitPerMinute: 300 },
    script: lateSurge,
  },
  {
    name: "reconnect_churn",
    story:
      "Connections break every few seconds: people follow their place in a stream that is cut, in two tabs, and come back on new connections.",
    holds: "The place survives every cut, and each new connection tells the same one.",
    defaults: { admitPerMinute: 600 },
    script: reconnectChurn,
  },
]

export const lookupScenario = (name: string) => catalog.find((each) => each.name === name)
