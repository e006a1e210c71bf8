import type { ClockState } from "../../agreed-clock.ts"
import type { Log } from "../../log.ts"
import { openLoop } from "../../loop.ts"
import type { Metrics } from "../../metrics.ts"
import type { Millis } from "../../units.ts"

export type StoreName = "redis" | "redis_cache" | "postgres"
export type Readiness = {
  ready: boolean
  draining: boolean
  stores: Record<StoreName, { up: boolean; latency_ms: number | null }>
  clock: ClockState
}

export type Health = {
  readiness(): Readiness
  drain(): void
  start(): void
  stop(): Promise<void>
}

export const openHealth = (parts: {
  probes: Record<StoreName, () => Promise<unknown>>
  time: { state(): ClockState }
  metrics: Metrics
  log: Log
  every: Millis
  within: Millis
}): Health => {
  const names = Object.keys(parts.probes) as StoreName[]
  const stores = Object.fromEntries(names.map((name) => [name, { up: false, latency_ms: null }])) as Readiness["stores"]
  let draining = false

  const probe = async (name: StoreName) => {
    const began = performance.now()
    const deadline = setTimeout(() => (stores[name] = { up: false, latency_ms: null }), parts.within)
    try {
      await parts.probes[name]()
      const took = performance.now() - began
      parts.metrics.storeLatency.observe({ store: name }, took / 1000)
      stores[name] = { up: took <= parts.within, latency_ms: Math.round(took * 100) / 100 }
    } catch (error) {
      stores[name] = { up: false, latency_ms: null }
      parts.log.warn({ error, store: name }, "a store does not answer")
    } finally {
      clearTimeout(deadline)
    }
  }
  // A loop for each, so that a store which hangs keeps nobody from asking the others.
  const loops = names.map((name) =>
    openLoop({ name: `health of ${name}`, every: parts.every, work: () => probe(name), log: parts.log }),
  )

  return {
    readiness: () => {
      const clock = parts.time.state()
      return { ready: !draining && clock.trusted && names.every((name) => stores[name].up), draining, stores, clock }
    },
    drain: () => void (draining = true),
    start: () => loops.forEach((loop) => loop.start()),
    stop: async () => void (await Promise.all(loops.map((loop) => loop.stop()))),
  }
}
