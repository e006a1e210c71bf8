import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import { seconds } from "../units.ts"
import { followFeed } from "./k6-feed.ts"
import type { ArmedK6, K6Ending } from "./k6.ts"
import { openLiveSeries } from "./live-series.ts"
import { readMachine, readProcesses, sharesBetween, type Reading } from "./machine.ts"
import { runLength } from "./run-settings.ts"
import type { LiveTruth, Run } from "./run.ts"
import type { Conditions } from "./verdict.ts"

type Watched = {
  clock: Clock
  sale: { live?(saleId: SaleId): LiveTruth | undefined }
  keep: (run: Run) => Promise<void>
  announce: (run: Run) => void
  stop: AbortSignal
}

/** How k6 ended, and what the machine was like meanwhile. */
export type Performed = { ending: K6Ending; conditions: Conditions }

/** From the release to the last word of k6. */
export const watch = async (run: Run, k6: ArmedK6, parts: Watched): Promise<Performed> => {
  const { clock, stop, sale } = parts
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
  const steady: { from?: Reading; to?: Reading } = {}
  const timers = [
    setTimeout(async () => (steady.from = await readProcesses(k6.pid)), run.settings.rampUp),
    setTimeout(async () => (steady.to = await readProcesses(k6.pid)), run.settings.rampUp + run.settings.steady),
  ]
  const add = openLiveSeries(run.live)
  const feeding = new AbortController()
  let before = await readMachine(k6.pid)
  const feed = followFeed(
    k6.feedUrl,
    async (point) => {
      const reading = await readMachine(k6.pid)
      const { stolen, generator } = sharesBetween(before, reading)
      before = reading
      const server = sale.live?.(run.saleId)
      add({
        ...point,
        ...(stolen === undefined ? {} : { stolenShare: stolen }),
        ...(generator === undefined ? {} : { k6Share: generator }),
        ...(server === undefined ? {} : { server }),
      })
      parts.announce(run)
      if (run.live.length % heartbeatPoints === 0) await parts.keep(run).catch(() => {})
    },
    feeding.signal,
  )
  const ending = await k6.ended
  for (const timer of [deadline, ...timers]) clearTimeout(timer)
  stop.removeEventListener("abort", stopNow)
  feeding.abort()
  await feed
  const { stolen, generator, others } = sharesBetween(steady.from, steady.to)
  const conditions: Conditions = {
    people: run.settings.vusMax,
    ...(stolen === undefined ? {} : { stolen }),
    ...(generator === undefined ? {} : { k6Cpu: generator }),
    ...(others === undefined ? {} : { others }),
  }
  return { ending: late ? { state: "broken", why: "k6 had not ended long after its time" } : ending, conditions }
}

/** k6 gives people ten seconds to finish and sums up after that. */
const overtime = seconds(60)
const heartbeatPoints = 10
