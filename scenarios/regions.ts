// A tour that sells worldwide: people in five regions, each as far from the sale as a network takes them. Loopback has no distance, so
// the client waits it out, with a new connection for each request. Whoever is far away comes later by the way and by nothing more.
import exec from "k6/execution"
import { arrive } from "./lib/person.ts"
import { note } from "./lib/history.ts"
import { queueLimits, tailOf } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"
import { waitAndShop } from "./lib/visit.ts"

/** One way in ms, as light in glass takes it from Mumbai, and a little more. */
const regions = [
  { region: "mumbai", oneWay: 5 },
  { region: "delhi", oneWay: 20 },
  { region: "singapore", oneWay: 45 },
  { region: "london", oneWay: 80 },
  { region: "new_york", oneWay: 120 },
]

const ofOneRegion = Math.floor(settings.people / regions.length)

export const options = {
  ...oneVuEach(wholeVisit, {
    ...Object.fromEntries(
      regions.flatMap(({ region }) => [
        [`done{step:join,region:${region}}`, ["count>0"]],
        [`done{step:admission,region:${region}}`, ["count>0"]],
        [`on_the_way_ms{region:${region}}`, ["count>0"]],
        [`http_req_duration{step:join,region:${region}}`, [`${tailOf(ofOneRegion)}<500`]],
      ]),
    ),
    ...queueLimits(settings.people, Math.floor(settings.people / 4)),
  }),
  noConnectionReuse: true,
  noVUConnectionReuse: true,
}
export const handleSummary = summary

export default function () {
  const person = arrive(evenly)
  const { region, oneWay } = regions[person.id % regions.length]!
  exec.vu.metrics.tags["region"] = region
  person.oneWay = oneWay * (0.9 + 0.2 * person.random())
  note({ op: "came", account: person.account, at: Date.now(), group: region })
  if (joinPatiently(person)) waitAndShop(person)
  leave(person)
}
