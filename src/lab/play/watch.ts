import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { seconds } from "../../units.ts"
import { followFeed } from "../k6/feed.ts"
import type { LoadSecond } from "../model/figures.ts"
import type { ArmedK6, K6Ending } from "../k6/k6.ts"
import type { Conditions } from "../model/conditions.ts"
import type { LiveTruth, Run } from "../model/run.ts"
import type { Second } from "../model/figures.ts"
import { runLength } from "../model/settings.ts"
import { openProbe, type ProbedStores } from "../probe/probe.ts"
import { openSteadyPhase } from "../probe/steady-phase.ts"

type Watched = {
  clock: Clock
  log: Log
  live?: (saleId: SaleId) => LiveTruth | undefined
  stores?: ProbedStores
  onReleased: () => Promise<void>
  onPoint: (point: Second) => void
  onThresholds: (all: NonNullable<Run["thresholds"]>) => void
  stop: AbortSignal
}

export type Performed = { ending: K6Ending; conditions: Conditions }

export const watch = async ({ saleId, settings }: Run, k6: ArmedK6, parts: Watched): Promise<Performed> => {
  const { clock, log, live, stores, stop } = parts
  const generators = [k6.pid, ...(k6.morePids ?? [])]
  let late = false
  const deadline = setTimeout(
    () => {
      late = true
      void k6.stop()
    },
    runLength(settings) + overtime,
  )
  const stopNow = () => void k6.stop()
  stop.addEventListener("abort", stopNow)
  if (stop.aborted) stopNow()
  else await k6.release()
  await parts.onReleased()
  const phase = openSteadyPhase(settings, { generators, ownStores: stores?.areOurs ?? false })
  const probe = openProbe({ clock, log, saleId, generators, live, stores })
  await probe.start()
  const series = followSeries(k6.feedUrl, async (point) => ({ ...point, ...(await probe.figuresOf(point.at)) }), parts)
  const ending = await k6.ended
  clearTimeout(deadline)
  stop.removeEventListener("abort", stopNow)
  const steady = phase.end()
  await series.end()
  await probe.stop()
  const conditions: Conditions = { people: settings.vusMax, ...steady }
  return late ? endedLate(ending, conditions) : { ending, conditions }
}

/** Points are completed one after the other, so that the series stays in the order of time. */
const followSeries = (
  url: string,
  complete: (point: LoadSecond) => Promise<Second>,
  { onPoint, onThresholds }: Pick<Watched, "onPoint" | "onThresholds">,
) => {
  const feeding = new AbortController()
  let told = Promise.resolve()
  const tell = async (point: LoadSecond) => onPoint(await complete(point))
  const feed = followFeed(
    url,
    { onPoint: (point) => void (told = told.then(() => tell(point))), onThresholds },
    feeding.signal,
  )
  return {
    end: async () => {
      feeding.abort()
      await feed
      await told
    },
  }
}

/**
 * A k6 that had to be stopped is judged by what it saw until then, and bad figures of it do not count against the
 * server.
 */
const endedLate = (ending: K6Ending, conditions: Conditions): Performed => {
  const why = "k6 had not ended a minute after its time"
  const summary = ending.state === "broken" ? undefined : ending.summary
  if (summary === undefined)
    return { ending: { state: "broken", why: `${why}: the generator was the limit`, starved: true }, conditions }
  return { ending: { state: "finished", summary }, conditions: { ...conditions, starved: why } }
}

/** k6 gives people ten seconds to finish and sums up after that. */
const overtime = seconds(60)
