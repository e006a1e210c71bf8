import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { openLoop } from "../../loop.ts"
import { seconds } from "../../units.ts"
import { followFeed, type FeedPoint } from "../k6/feed.ts"
import type { ArmedK6, K6Ending } from "../k6/k6.ts"
import { openLiveSeries } from "../k6/live-series.ts"
import { readProcesses, sharesBetween, type Reading } from "../probe/machine.ts"
import { openProbe, type ProbedStores } from "../probe/probe.ts"
import { runLength } from "../model/settings.ts"
import type { LiveTruth, Run } from "../model/run.ts"
import type { Conditions } from "../model/conditions.ts"

type Watched = {
  clock: Clock
  log: Log
  sale: { live?(saleId: SaleId): LiveTruth | undefined; stores?: ProbedStores }
  keep: (run: Run) => Promise<void>
  announce: (run: Run) => void
  stop: AbortSignal
}

/** How k6 ended, and what the machine was like meanwhile. */
export type Performed = { ending: K6Ending; conditions: Conditions }

/** From the release to the last word of k6. */
export const watch = async (run: Run, k6: ArmedK6, parts: Watched): Promise<Performed> => {
  const { clock, log, stop, sale } = parts
  let late = false
  const deadline = setTimeout(
    () => {
      late = true
      void k6.stop()
    },
    runLength(run.settings) + overtime,
  )
  const stopNow = () => void k6.stop()
  stop.addEventListener("abort", stopNow)
  if (stop.aborted) stopNow()
  else await k6.release()
  run.startedAt = clock()
  run.state = "running"
  await parts.keep(run)
  const generators = [k6.pid, ...(k6.morePids ?? [])]
  const test = { generators, ownStores: sale.stores?.areOurs ?? false }
  const steady: { from?: Reading; to?: Reading } = {}
  const timers = [
    setTimeout(async () => (steady.from = await readProcesses(test)), run.settings.rampUp),
    setTimeout(async () => (steady.to = await readProcesses(test)), run.settings.rampUp + run.settings.steady),
  ]
  const add = openLiveSeries(run.live)
  const feeding = new AbortController()
  const probe = openProbe({ clock, log, saleId: run.saleId, generators, live: sale.live, stores: sale.stores })
  await probe.start()
  const join = async (point: FeedPoint) => {
    add({ ...point, ...(await probe.figuresOf(point.at)) })
    parts.announce(run)
  }
  const keeping = openLoop({
    name: "heartbeat of a run",
    every: heartbeat,
    work: () =>
      parts
        .keep(run)
        .catch((error: unknown) => log.warn({ error, run_id: run.runId }, "a run is not written down yet")),
    log,
    first: "pause",
  })
  keeping.start()
  // One after the other, so that the series is in the order of time.
  let joined = Promise.resolve()
  const feed = followFeed(
    k6.feedUrl,
    {
      onPoint: (point) => void (joined = joined.then(() => join(point))),
      onThresholds: (all) => (run.thresholds = all),
    },
    feeding.signal,
  )
  const ending = await k6.ended
  for (const timer of [deadline, ...timers]) clearTimeout(timer)
  stop.removeEventListener("abort", stopNow)
  feeding.abort()
  await feed
  await joined
  await keeping.stop()
  await probe.stop()
  const { stolen, generator, others } = sharesBetween(steady.from, steady.to)
  const conditions: Conditions = {
    people: run.settings.vusMax,
    ...(stolen === undefined ? {} : { stolen }),
    ...(generator === undefined ? {} : { k6Cpu: generator }),
    ...(others === undefined ? {} : { others }),
  }
  return late ? endedLate(ending, conditions) : { ending, conditions }
}

/** It was stopped: what it had seen until then is judged, and says nothing about the server where it is bad. */
const endedLate = (ending: K6Ending, conditions: Conditions): Performed => {
  const why = "k6 had not ended a minute after its time"
  const summary = ending.state === "broken" ? undefined : ending.summary
  if (summary === undefined)
    return { ending: { state: "broken", why: `${why}: the generator was the limit`, starved: true }, conditions }
  return { ending: { state: "finished", summary }, conditions: { ...conditions, starved: why } }
}

/** k6 gives people ten seconds to finish and sums up after that. */
const overtime = seconds(60)
/** Well within the silence after which another process takes the run for an orphan. */
const heartbeat = seconds(12)
