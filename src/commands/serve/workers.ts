import { AggregatorRegistry } from "prom-client"
import { type Config, environment } from "../../config.ts"
import type { Log } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import { thisProgram } from "../../programs.ts"
import { millis, type Millis, seconds } from "../../units.ts"
import type { Stores } from "../stores.ts"
import { openQuestions, type FromWorker, type ToWorker } from "./questions.ts"

type WorkerParts = { config: Config; port: number; stores: Stores; metrics: Metrics; log: Log }

/**
 * Further processes on the port of this one, on its stores; the kernel spreads connections over all. A worker that dies is
 * started again. /metrics is one text for all of them, whichever answers.
 */
export const openWorkers = (count: number, parts: WorkerParts) => {
  const workers = new Set<Bun.Subprocess>()
  const questions = openQuestions<unknown>()
  const merged = async () => {
    const metricsOf = (worker: Bun.Subprocess) =>
      questions.ask((id) => void worker.send({ ask: "metrics", id } satisfies ToWorker))
    return mergedText(parts.metrics, await Promise.all([...workers].map(metricsOf)))
  }
  const hear = (message: FromWorker, from: Bun.Subprocess) => {
    if ("tell" in message) questions.answer(message.id, message.metrics)
    else void merged().then((text) => from.send({ answer: message.id, text } satisfies ToWorker))
  }
  const crew: Crew = { workers, hear, isStopping: false }
  parts.metrics.readFrom(merged)
  for (let n = 0; n < count; n++) start(crew, parts)
  return {
    stop: async () => {
      crew.isStopping = true
      await end(workers)
    },
  }
}

type Crew = {
  workers: Set<Bun.Subprocess>
  hear: (message: FromWorker, from: Bun.Subprocess) => void
  isStopping: boolean
}

/** One that keeps dying young is started ever later. */
const start = (crew: Crew, parts: WorkerParts, pause: Millis = pauseMin) => {
  const startedAt = performance.now()
  const worker = Bun.spawn([...thisProgram(), "serve-worker"], {
    env: environmentFor(parts),
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    serialization: "json",
    ipc: crew.hear,
    onExit: (_worker, code) => {
      crew.workers.delete(worker)
      if (crew.isStopping) return
      const again = performance.now() - startedAt > 10_000 ? pauseMin : pause
      parts.log.warn({ exit_code: code, again_in_ms: again }, "a worker ended and is started again")
      const next = millis(Math.min(pauseMax, again * 2))
      setTimeout(() => crew.isStopping || start(crew, parts, next), again)
    },
  })
  crew.workers.add(worker)
}
const pauseMin = millis(50)
const pauseMax = seconds(2)

const environmentFor = ({ config, port, stores }: WorkerParts) => ({
  ...environment(),
  HOST: config.host,
  PORT: String(port),
  TRAFFIC_DATA_DIR: config.dataDir,
  REDIS_URL: stores.redisUrl,
  REDIS_CACHE_URL: stores.cacheUrl,
  DATABASE_URL: stores.databaseUrl,
})

const mergedText = async ({ registry }: Metrics, others: unknown[]) => {
  const all = [await registry.getMetricsAsJSON(), ...others.filter((each) => each !== undefined)]
  return AggregatorRegistry.aggregate(all as Parameters<typeof AggregatorRegistry.aggregate>[0]).metrics()
}

const end = async (workers: Set<Bun.Subprocess>) => {
  const ending = [...workers]
  for (const worker of ending) worker.kill("SIGTERM")
  await Promise.race([Promise.all(ending.map((worker) => worker.exited)), Bun.sleep(stopWithin)])
  for (const worker of workers) worker.kill("SIGKILL")
}
const stopWithin = seconds(15)
