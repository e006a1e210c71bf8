import { AggregatorRegistry } from "prom-client"
import { type Config, environment } from "../../config.ts"
import type { Log } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import { millis, type Millis, seconds } from "../../units.ts"
import type { Stores } from "../stores.ts"

/** What goes between the process that was started and its workers. */
type FromWorker = { ask: "metrics"; id: number } | { tell: "metrics"; id: number; metrics: unknown }
type ToWorker = { ask: "metrics"; id: number } | { answer: number; text: string } | { stop: true }

type Registry = Parameters<typeof AggregatorRegistry.aggregate>[0]
type Parts = { count: number; config: Config; port: number; stores: Stores; metrics: Metrics; log: Log }

const answerWithin = seconds(1)
const stopWithin = seconds(15)
const pauseMax = seconds(2)

/**
 * Further processes on the port of this one, on its stores; the kernel spreads connections over all. A worker that dies is
 * started again. /metrics is one text for all of them, whichever answers.
 */
export const openWorkers = ({ count, config, port, stores, metrics, log }: Parts) => {
  const workers = new Set<Bun.Subprocess>()
  const waiting = new Map<number, (metrics: unknown) => void>()
  let lastId = 0
  let stopping = false

  const start = (pause: Millis = millis(50)) => {
    const startedAt = performance.now()
    const worker = Bun.spawn([process.execPath, ...(Bun.isStandaloneExecutable ? [] : [Bun.main]), "serve-worker"], {
      env: {
        ...environment(),
        HOST: config.host,
        PORT: String(port),
        TRAFFIC_DATA_DIR: config.dataDir,
        REDIS_URL: stores.redisUrl,
        REDIS_CACHE_URL: stores.cacheUrl,
        DATABASE_URL: stores.databaseUrl,
      },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      serialization: "json",
      ipc: (message: FromWorker, from) => {
        if ("tell" in message) waiting.get(message.id)?.(message.metrics)
        else void merged().then((text) => from.send({ answer: message.id, text } satisfies ToWorker))
      },
      onExit: (_worker, code) => {
        workers.delete(worker)
        if (stopping) return
        const again = performance.now() - startedAt > 10_000 ? millis(50) : pause
        log.warn({ exit_code: code, again_in_ms: again }, "a worker ended and is started again")
        setTimeout(() => stopping || start(millis(Math.min(pauseMax, again * 2))), again)
      },
    })
    workers.add(worker)
  }

  const metricsOf = (worker: Bun.Subprocess) =>
    new Promise<unknown>((resolve) => {
      const id = ++lastId
      const end = (seen: unknown) => {
        clearTimeout(late)
        waiting.delete(id)
        resolve(seen)
      }
      // A worker that is busy or just dying is left out of this answer.
      const late = setTimeout(() => end(undefined), answerWithin)
      waiting.set(id, end)
      worker.send({ ask: "metrics", id } satisfies ToWorker)
    })

  const merged = async () => {
    const others = await Promise.all([...workers].map(metricsOf))
    const all = [await metrics.registry.getMetricsAsJSON(), ...others.filter((each) => each !== undefined)]
    return AggregatorRegistry.aggregate(all as unknown as Registry).metrics()
  }
  metrics.readFrom(merged)
  for (let n = 0; n < count; n++) start()

  return {
    pids: () => [...workers].map((worker) => worker.pid),
    stop: async () => {
      stopping = true
      const ending = [...workers]
      for (const worker of ending) worker.kill("SIGTERM")
      await Promise.race([Promise.all(ending.map((worker) => worker.exited)), Bun.sleep(stopWithin)])
      for (const worker of workers) worker.kill("SIGKILL")
    },
  }
}

/** The other end, in a worker: metrics go to the process that started it, which merges them. Resolves when that one is gone. */
export const joinParent = (metrics: Metrics): Promise<void> => {
  const waiting = new Map<number, (text: string) => void>()
  let lastId = 0
  process.on("message", (message: ToWorker) => {
    if ("ask" in message)
      void metrics.registry
        .getMetricsAsJSON()
        .then((seen) => process.send?.({ tell: "metrics", id: message.id, metrics: seen } satisfies FromWorker))
    else if ("answer" in message) waiting.get(message.answer)?.(message.text)
  })
  metrics.readFrom(
    () =>
      new Promise((resolve) => {
        const id = ++lastId
        const end = (text: string) => {
          clearTimeout(late)
          waiting.delete(id)
          resolve(text)
        }
        const late = setTimeout(() => void metrics.registry.metrics().then(end), answerWithin)
        waiting.set(id, end)
        process.send?.({ ask: "metrics", id } satisfies FromWorker)
      }),
  )
  return new Promise((resolve) => process.on("disconnect", () => resolve()))
}
