// The network behind a resale site: hundreds of accounts from one /24, with a few cards and one device among them, come the moment the
// doors open. They hold more than they may, hoard, transfer and resell; whoever else queues must notice nothing of it.
import { attemptThresholds } from "./lib/attempt.ts"
import { note } from "./lib/history.ts"
import { queueLimits } from "./lib/limits.ts"
import { arrive, type Person } from "./lib/person.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { scalp, scalperKinds } from "./lib/scalper.ts"
import { settings } from "./lib/settings.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { rushing } from "./lib/timetable.ts"
import { stayOn } from "./lib/visit.ts"

/** The network is a second k6 with addresses of its own; its thresholds stand beside those of the public. */
const isNetwork = settings.role === "network"

const ofNetwork = oneVuEach([], {
  "http_req_duration{step:join}": ["max<10000"],
  "http_req_duration{step:status,phase:steady}": ["max<10000"],
  "done{step:hold}": ["count>0"],
  "done{step:hoard}": ["count>0"],
  "done{step:checkout}": ["count>0"],
  "refusals{why:cap_exceeded}": ["count>0"],
  "refusals{why:two_holds}": ["count<1"],
  ...attemptThresholds(scalperKinds),
})
/** Nobody of the public is told to slow down because of what others do. */
const ofPublic = oneVuEach(wholeVisit, {
  ...queueLimits(settings.people, settings.people / 5),
  "refusals{why:rate_limited}": ["count<1"],
  "refusals{why:slow_down}": ["count<1"],
})
export const options = isNetwork ? ofNetwork : ofPublic
export const handleSummary = summary

export default function () {
  const person = arrive(rushing)
  note({ op: "came", account: person.account, at: Date.now(), group: isNetwork ? "bot" : "person" })
  if (!joinPatiently(person)) return leave(person)
  stayOn(person, ({ state }) => {
    if (state === "admitted") visit(person)
  })
  leave(person)
}

const visit = (person: Person) => void (isNetwork ? scalp(person) : shop(person))
