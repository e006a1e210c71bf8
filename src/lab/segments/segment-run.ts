import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../../clock.ts"
import { between, later, millis, seconds, type EpochMs, type Millis } from "../../units.ts"
import { lookupScenario } from "../scenarios/catalog.ts"
import { onOurClock, spanningOffset, type ClockOffset } from "./clock-offset.ts"
import { followFeed } from "../k6/feed.ts"
import type { LoadSecond } from "../model/figures.ts"
import { armK6, historyFile, type ArmedK6, type K6Ending } from "../k6/k6.ts"
import { scriptSettings } from "../k6/script-settings.ts"
import { openLiveSeries } from "../k6/live-series.ts"
import { machineName } from "../probe/machine-name.ts"
import { openSteadyPhase } from "../probe/steady-phase.ts"
import { writePart } from "./part.ts"
import type { Plan } from "./plan.ts"
import { runLength } from "../model/settings.ts"
import { addressesOf, shareOf, type Segment } from "./segment.ts"
import type { Conditions } from "../model/conditions.ts"

export type SegmentRun = {
  plan: Plan
  segment: Segment
  baseUrl: string
  isLoopback: boolean
  k6: { path: string; version: string }
  folder: string
  out: string
  clock: Clock
  offset: () => Promise<ClockOffset>
  announce: (news: SegmentNews) => void
  stop: AbortSignal
}

export type SegmentNews =
  { state: "waiting"; startsIn: Millis } | { state: "running"; passed: Millis; point: LoadSecond }

export type SegmentEnding =
  | { state: "written"; people: number; clock: ClockOffset }
  | { state: "late"; by: Millis }
  | { state: "stopped" }
  | { state: "broken"; why: string }

export const runSegment = async (order: SegmentRun): Promise<SegmentEnding> => {
  const { plan, segment, clock, stop } = order
  const before = await order.offset()
  const startsAt = onOurClock(plan.startsAt, before)
  if (clock() > later(startsAt, millis(-arming)))
    return { state: "late", by: between(startsAt, later(clock(), arming)) }
  const k6 = await arm(order, startsAt)
  if (!("release" in k6)) return unfinished(k6)
  const stopNow = () => void k6.stop()
  stop.addEventListener("abort", stopNow)
  try {
    if (!(await waitFor(startsAt, order))) {
      await k6.stop()
      return stop.aborted ? { state: "stopped" } : { state: "late", by: between(startsAt, clock()) }
    }
    if (!(await isReleased(k6))) return unfinished(await k6.ended)
    const { ending, conditions, live } = await watchShare(k6, startsAt, order)
    if (ending.state !== "finished") return unfinished(ending)
    const offset = await offsetOfRun(before, order)
    const { count } = shareOf(plan.settings.vusMax, segment)
    const head = {
      planId: plan.planId,
      planHash: plan.hash,
      segment,
      people: count,
      trafficVersion: plan.trafficVersion,
      k6Version: order.k6.version,
      scriptHash: plan.scriptHash,
      machine: machineName(),
    }
    const end = { clock: offset, conditions, summary: ending.summary, live }
    await writePart(order.out, head, historyFile(order.folder), end)
    return { state: "written", people: count, clock: offset }
  } finally {
    stop.removeEventListener("abort", stopNow)
  }
}

/** False when k6 ended during the wait. */
const isReleased = async (k6: ArmedK6): Promise<boolean> => {
  try {
    await k6.release()
    return true
  } catch {
    await k6.stop()
    return false
  }
}

/** If the server no longer tells the time, the drift over the length of the run adds to the uncertainty. */
const offsetOfRun = async (before: ClockOffset, { plan, offset }: SegmentRun): Promise<ClockOffset> => {
  const after = await offset().catch(() => undefined)
  if (after !== undefined) return spanningOffset(before, after)
  return { ...before, uncertaintyMs: before.uncertaintyMs + runLength(plan.settings) * driftMost }
}
/** Twenty times the usual drift of a computer's clock. */
const driftMost = 0.001

/** k6 needs at least this long to load any number of people. */
const arming: Millis = seconds(1)

const unfinished = (ending: K6Ending): SegmentEnding =>
  ending.state === "finished" ? { state: "broken", why: "k6 ended before the start" } : ending

const arm = async ({ plan, segment, baseUrl, isLoopback, k6, folder }: SegmentRun, startsAt: EpochMs) => {
  const { settings } = plan
  const { first, step, count, before } = shareOf(settings.vusMax, segment)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fansFile = join(folder, "fans.json")
  // The file has everybody, because people also try what belongs to their neighbours.
  await writeFile(fansFile, JSON.stringify(plan.fans), { mode: 0o600 })
  return armK6({
    k6: k6.path,
    runId: plan.planId,
    folder,
    script: lookupScenario(settings.scenario)!.script,
    addresses: isLoopback ? addressesOf({ before, count }) : "",
    redirects: 0,
    settings: scriptSettings(
      { settings, baseUrl, saleId: settings.saleId, otherSaleId: plan.otherSaleId, fansFile },
      { share: { first, step, count }, starts_at: startsAt },
    ),
  })
}

/** False when the start has passed or the run was stopped. The script waits for the exact moment. */
const waitFor = async (startsAt: EpochMs, { clock, stop, announce }: SegmentRun): Promise<boolean> => {
  if (clock() > startsAt) return false
  for (let left = between(later(clock(), lead), startsAt); left > 0; left = between(later(clock(), lead), startsAt)) {
    if (stop.aborted) return false
    announce({ state: "waiting", startsIn: millis(left + lead) })
    await Bun.sleep(Math.min(left, lookEvery))
  }
  return !stop.aborted
}

/** k6 starts its VUs within this time before the start. */
const lead: Millis = millis(500)
const lookEvery: Millis = seconds(1)

const watchShare = async (k6: ArmedK6, startsAt: EpochMs, { plan, clock, announce }: SegmentRun) => {
  const { settings } = plan
  const until = (at: number) => Math.max(0, startsAt + at - clock())
  // The server under test may share this machine.
  const test = { generators: [k6.pid], ownStores: false }
  const phase = openSteadyPhase(settings, test, startsAt - clock())
  let late = false
  const deadline = setTimeout(
    () => {
      late = true
      void k6.stop()
    },
    until(runLength(settings) + overtime),
  )
  const live: LoadSecond[] = []
  const add = openLiveSeries(live)
  const feeding = new AbortController()
  const feed = followFeed(
    k6.feedUrl,
    {
      onPoint: (point) => {
        // The feed starts while everybody still waits.
        if (point.at < startsAt) return
        add(point)
        announce({ state: "running", passed: millis(Math.max(0, clock() - startsAt)), point })
      },
    },
    feeding.signal,
  )
  const ending = await k6.ended
  clearTimeout(deadline)
  const conditions: Conditions = { people: settings.vusMax, ...phase.end() }
  feeding.abort()
  await feed
  const said: K6Ending = late ? { state: "broken", why: "k6 had not ended long after its time" } : ending
  return { ending: said, conditions, live }
}

const overtime = seconds(60)
