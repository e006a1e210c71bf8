import type { Metrics } from "../metrics.ts"
import type { Millis } from "../units.ts"

export type StoreName = "redis" | "redis_cache" | "postgres"
export type Readiness = {
  ready: boolean
  draining: boolean
  stores: Record<StoreName, { up: boolean; latency_ms: number | null }>
}

export type Health = {
  readiness(): Readiness
  drain(): void
  start(): void
  stop(): void
}

/** Probes each store once a second; /health/ready and the store latency metric read the last answer. */
export const openHealth = (parts: {
  probes: Record<StoreName, () => Promise<unknown>>
  metrics: Metrics
  every: Millis
  within: Millis
}): Health => {
  const names = Object.keys(parts.probes) as StoreName[]
  const stores = Object.fromEntries(names.map((name) => [name, { up: false, latency_ms: null }])) as Readiness["stores"]
  const running = new Set<StoreName>()
  let draining = false
  let timer: Timer | undefined

  const probe = async (name: StoreName) => {
    if (running.has(name)) return
    running.add(name)
    const began = performance.now()
    const deadline = setTimeout(() => (stores[name] = { up: false, latency_ms: null }), parts.within)
    try {
      await parts.probes[name]()
      const took = performance.now() - began
      parts.metrics.storeLatency.observe({ store: name }, took / 1000)
      stores[name] = { up: took <= parts.within, latency_ms: Math.round(took * 100) / 100 }
    } catch {
      stores[name] = { up: false, latency_ms: null }
    } finally {
      clearTimeout(deadline)
      running.delete(name)
    }
  }
  const round = () => void Promise.all(names.map(probe))

  return {
    readiness: () => ({ ready: !draining && names.every((name) => stores[name].up), draining, stores }),
    drain: () => void (draining = true),
    start: () => {
      round()
      timer = setInterval(round, parts.every)
    },
    stop: () => clearInterval(timer),
  }
}
