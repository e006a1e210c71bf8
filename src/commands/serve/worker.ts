import { environment, parseConfig } from "../../config.ts"
import { exitCodes, type ExitCode } from "../../exit.ts"
import { openLog } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import { untilStopped } from "../interrupt.ts"
import { startNode } from "../node.ts"
import { openQuestions, type FromWorker, type ToWorker } from "./questions.ts"

/** `serve-worker`: one of the processes that `serve --workers` starts. It ends with the process that started it. */
export const serveWorker = async (): Promise<ExitCode> => {
  const config = parseConfig(environment())
  const stop = untilStopped()
  const node = await startNode({ config, log: openLog(config.logLevel), shared: true })
  shareMetrics(node.parts.metrics)
  await Promise.race([stop, untilAlone()])
  await node.close()
  return exitCodes.pass
}

/** Metrics go to the process that started this one, which merges them. With no answer from there this one tells its own. */
const shareMetrics = (metrics: Metrics) => {
  const { registry } = metrics
  const questions = openQuestions<string>()
  const say = (message: FromWorker) => void process.send?.(message)
  process.on("message", (message: ToWorker) => {
    if ("answer" in message) questions.answer(message.answer, message.text)
    else void registry.getMetricsAsJSON().then((seen) => say({ tell: "metrics", id: message.id, metrics: seen }))
  })
  metrics.readFrom(async () => (await questions.ask((id) => say({ ask: "metrics", id }))) ?? registry.metrics())
}

const untilAlone = () => new Promise<void>((resolve) => process.on("disconnect", () => resolve()))
