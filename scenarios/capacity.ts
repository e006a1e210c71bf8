// How much the server bears: the question before every sale. A waiting crowd looks at the board and at its place, at a rate that is
// doubled until answers get slow or fail, and then narrowed down. The answer is a number and what gave way.
import { sleep } from "k6"
import http from "k6/http"
import { bucketOf, type Counts, type StepPlan, type StepReport } from "./lib/desk.ts"
import { arrive, type Person } from "./lib/person.ts"
import { oneVuEach } from "./lib/metrics.ts"
import { join, joinPatiently, leave, room } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"

/** Slow and failed answers are what is looked for, so only that people came is a threshold. */
export const options = {
  ...oneVuEach([]),
  thresholds: { arrivals: ["count>0"], "done{step:join}": ["count>0"] },
}
export const handleSummary = summary

type Step = Exclude<StepPlan, { over: true }>
type Followed = Omit<StepReport, "person" | "step">

export default function () {
  const person = arrive(evenly)
  joinPatiently(person)
  looks = person.id
  let report: Followed | undefined
  for (let step = 0; ;) {
    const plan = ask(person, step, report)
    if (plan === undefined || "over" in plan) return leave(person)
    step = plan.step
    report = follow(person, plan)
  }
}

const deskStatuses = http.expectedStatuses(200)

const ask = (person: Person, step: number, report?: Followed): StepPlan | undefined => {
  const said: StepReport = { person: person.id, step, sent: 0, answered: 0, failed: 0, waits: {}, late: {}, ...report }
  const answer = http.post(settings.desk_url ?? "", JSON.stringify(said), {
    responseType: "text",
    responseCallback: deskStatuses,
    tags: { name: "desk", step: "desk" },
    timeout: "90s",
  })
  return answer.status === 200 ? (answer.json() as StepPlan) : undefined
}

/** Requests at planned moments; one that comes too late for its moment has waited since then. */
const follow = (person: Person, { rate, from_ms, until_ms }: Step): Followed => {
  const report: Followed = { sent: 0, answered: 0, failed: 0, waits: {}, late: {} }
  const every = (1000 * settings.people) / rate
  for (let planned = from_ms + every * person.random(); planned < until_ms; planned += every) {
    const left = planned - Date.now()
    if (left > 0) sleep(left / 1000)
    if (Date.now() > until_ms + giveUpAfter) break
    if (left > 0) count(report.late, Date.now() - planned)
    report.sent++
    if (look(person)) report.answered++
    else report.failed++
    count(report.waits, Date.now() - planned)
  }
  return report
}
/** What is still to be sent this long after the end of a step is not sent any more, in ms. */
const giveUpAfter = 500

let looks = 0
let joinedAt = Date.now()
/** The sale takes 30 joins a minute from one address. */
const joinAgainEvery = 4000

const look = (person: Person): boolean => {
  looks++
  if (looks % 20 === 0 && Date.now() - joinedAt > joinAgainEvery) {
    joinedAt = Date.now()
    return join(person)
  }
  const step = looks % 2 === 0 ? "board" : "status"
  const headers: Record<string, string> = step === "board" ? {} : { Authorization: `Bearer ${person.token}` }
  const { status } = http.get(`${room}/${step}`, { headers, tags: { name: step, step }, timeout: "3s" })
  return status === 200
}

const count = (counts: Counts, ms: number) => {
  const bucket = bucketOf(ms)
  counts[bucket] = (counts[bucket] ?? 0) + 1
}
