import type { Config } from "../../config.ts"
import type { Log } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import { everyMs, openPressure } from "./pressure.ts"
import { works, type Work } from "./work.ts"

export type Shedding = ReturnType<typeof openShedding>
export type Desk = ReturnType<typeof openDesk>

type Used = {
  config: Pick<Config, "isShedding">
  metrics: Pick<Metrics, "shed" | "inFlight" | "inFlightLimit">
  log: Log
  pressure?: ReturnType<typeof openPressure>
}

/** Who is let in while there is more work than this process can do. One desk for each class of work, asked before anything is read. */
export const openShedding = ({ config, metrics, log, pressure = openPressure() }: Used) => {
  const desks = Object.fromEntries(
    works.map((work) => [work, openDesk(config.isShedding ? bounds[work] : unbounded, metrics, work)]),
  ) as Record<Work, Desk>
  const episode = openEpisode(log)
  let timer: Timer | undefined

  const look = () => {
    if (!config.isShedding || !pressure.look()) return
    for (const work of works) desks[work].adapt(pressure.level())
    episode.follow(Object.values(desks))
  }
  return {
    desk: (work: Work): Desk => desks[work],
    look,
    start: () => {
      clearInterval(timer)
      if (!config.isShedding) return
      timer = setInterval(look, everyMs)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }
}

/**
 * How many may be in work at one time, and the pressure from which on some are refused; one level further nearly all are.
 * Those without a level are refused by number alone.
 */
type Bound = { most: number; shedFrom?: number }
const bounds: Record<Work, Bound> = {
  health: { most: 256 },
  shoppers: { most: 4096 },
  operators: { most: 256 },
  joins: { most: 8192, shedFrom: 4 },
  polls: { most: 4096, shedFrom: 3 },
  pages: { most: 512, shedFrom: 2 },
  rest: { most: 256, shedFrom: 1 },
}
const unbounded: Bound = { most: Infinity }
/** A few are always let in: nobody stands outside for ever. */
const shareMax = 0.95

const openDesk = ({ most, shedFrom = Infinity }: Bound, metrics: Used["metrics"], work: Work) => {
  const shed = metrics.shed.labels(work)
  const gauge = metrics.inFlight.labels(work)
  const limitGauge = metrics.inFlightLimit.labels(work)
  let inFlight = 0
  let limit = most
  /** Of those who come, so many are refused; what is owed adds up to a whole one. */
  let share = 0
  let owed = 0
  let refused = 0
  const refuse = () => {
    refused++
    shed.inc()
    return false
  }
  return {
    work,
    /** Whoever was let in leaves again. */
    enter: (): boolean => {
      if (inFlight >= limit) return refuse()
      owed += share
      if (owed >= 1) {
        owed -= 1
        return refuse()
      }
      inFlight++
      return true
    },
    leave: () => void inFlight--,
    adapt: (pressure: number) => {
      share = Math.min(shareMax, Math.max(0, pressure - shedFrom))
      limit = Math.ceil(most * (1 - share))
      if (share === 0) owed = 0
      gauge.set(inFlight)
      limitGauge.set(limit)
    },
    isShedding: () => share > 0,
    /** Since the last call. */
    takeRefused: () => {
      const taken = refused
      refused = 0
      return taken
    },
  }
}

/** The end is told when nobody was refused for so many windows: five seconds. */
const quietWindows = 50

/** From the first refusal to the last: one line when it begins, one when it ends. */
const openEpisode = (log: Log) => {
  let refused: Map<Work, number> | undefined
  let quiet = 0
  const count = (desks: Desk[]) => {
    let some = 0
    for (const desk of desks) {
      const more = desk.takeRefused()
      if (more === 0) continue
      some += more
      refused ??= new Map()
      refused.set(desk.work, (refused.get(desk.work) ?? 0) + more)
    }
    return some
  }
  return {
    follow: (desks: Desk[]) => {
      const isFirst = refused === undefined
      const more = count(desks)
      if (refused === undefined) return
      if (isFirst) log.warn({ count: more, detail: said(refused) }, "more is asked than can be done: load is shed")
      quiet = more > 0 || desks.some((desk) => desk.isShedding()) ? 0 : quiet + 1
      if (quiet < quietWindows) return
      const all = [...refused.values()].reduce((sum, each) => sum + each, 0)
      log.warn({ count: all, detail: said(refused) }, "load is shed no more")
      refused = undefined
      quiet = 0
    },
  }
}

const said = (refused: Map<Work, number>) => [...refused].map(([work, count]) => `${work} ${count}`).join(", ")
