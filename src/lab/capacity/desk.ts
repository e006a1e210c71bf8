import { bucketEnd, type Counts, type StepPlan, type StepReport } from "../../../scenarios/lib/desk.ts"
import type { Clock } from "../../clock.ts"
import { millis, seconds, type Millis } from "../../units.ts"
import { nextRate, type Step } from "./capacity.ts"

export type CapacityDesk = ReturnType<typeof openCapacityDesk>

/**
 * Where the people of a search for capacity hear at which rate to go on, over loopback HTTP: each reports the step that is over and
 * gets the next when all have, or when those who have not are too late to be waited for.
 */
export const openCapacityDesk = ({
  clock,
  people,
  length,
  onOver = () => {},
}: {
  clock: Clock
  people: number
  length: Millis
  onOver?: () => void
}) => {
  const steps: Step[] = []
  const stepLength = millis(Math.min(seconds(10), Math.max(shortestStep, length * stepShare)))
  /** Everybody has heard the next rate before its step begins, also on a machine that was just used up. */
  const pause = millis(shortestPause + people * pausePerPerson)
  const most = people * mostPerPerson
  let startedAt: number | undefined
  let plan: StepPlan & { over?: true } = { step: 0, rate: 0, from_ms: 0, until_ms: 0 }
  let reports: StepReport[] = []
  let waiting: ((plan: StepPlan) => void)[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const decide = () => {
    clearTimeout(timer)
    timer = undefined
    if ("over" in plan) return
    const over = stepOf(plan, reports)
    if (over !== undefined) steps.push(over)
    reports = []
    const now = clock()
    const rate = nextRate(steps, most)
    const from_ms = now + pause
    const isLate = from_ms + stepLength > (startedAt ?? now) + length
    plan =
      rate === undefined || isLate
        ? { over: true }
        : { step: plan.step + 1, rate, from_ms, until_ms: from_ms + stepLength }
    if ("over" in plan) onOver()
    else timer = setTimeout(decide, pause + stepLength + patience)
    for (const answer of waiting.splice(0)) answer(plan)
  }

  const report = (said: StepReport): Promise<StepPlan> | StepPlan => {
    startedAt ??= clock()
    if ("over" in plan || said.step !== plan.step) return plan
    reports.push(said)
    if (plan.step === 0) timer ??= setTimeout(decide, Math.min(length / 3, comingTime))
    const next = new Promise<StepPlan>((resolve) => waiting.push(resolve))
    if (reports.length >= people) decide()
    return next
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 120,
    maxRequestBodySize: 65_536,
    fetch: async (request) => Response.json(await report((await request.json()) as StepReport)),
  })

  return {
    url: `http://127.0.0.1:${server.port}/`,
    steps,
    most,
    close: () => {
      clearTimeout(timer)
      for (const answer of waiting.splice(0)) answer({ over: true })
      void server.stop(true)
    },
  }
}

/** A person looks at the board and at the own place in turn; the sale bounds polls to ten a second for one account. */
const mostPerPerson = 16
/** About fifteen steps in a run. */
const stepShare = 0.055
const shortestStep = millis(1500)
const shortestPause = millis(200)
const pausePerPerson = 0.5
/** A person whose last request takes longer than this is not waited for. */
const patience = seconds(2)
const comingTime = seconds(60)

const stepOf = (plan: Exclude<StepPlan, { over: true }>, reports: StepReport[]): Step | undefined => {
  if (plan.step === 0) return undefined
  const sum = (field: "sent" | "answered" | "failed") => reports.reduce((total, each) => total + each[field], 0)
  const passed = (plan.until_ms - plan.from_ms) / 1000
  return {
    rate: plan.rate,
    answeredPerSecond: sum("answered") / passed,
    failedShare: sum("failed") / Math.max(1, sum("sent")),
    p95Ms: percentile(
      reports.map(({ waits }) => waits),
      0.95,
    ),
    lateP95Ms: percentile(
      reports.map(({ late }) => late),
      0.95,
    ),
    from: plan.from_ms,
    until: plan.until_ms,
  }
}

const percentile = (counts: Counts[], share: number): number => {
  const all = new Map<number, number>()
  for (const each of counts)
    for (const [bucket, count] of Object.entries(each)) all.set(Number(bucket), (all.get(Number(bucket)) ?? 0) + count)
  const total = [...all.values()].reduce((sum, each) => sum + each, 0)
  let seen = 0
  for (const [bucket, count] of [...all].toSorted(([a], [b]) => a - b)) {
    seen += count
    if (seen >= total * share) return bucketEnd(bucket)
  }
  return 0
}
