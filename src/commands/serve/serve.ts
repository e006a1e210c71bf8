import { environment, parseConfig } from "../../config.ts"
import { exitCodes, type ExitCode } from "../../exit.ts"
import { openLog } from "../../log.ts"
import { untilStopped } from "../interrupt.ts"
import { startNode } from "../node.ts"
import type { ServeFlags } from "./command.ts"
import { greeting } from "./greeting.ts"
import { refuseSettings, refuseTakenPort } from "./refusals.ts"
import { openWorkers } from "./workers.ts"

/** `traffic serve`: until SIGTERM or SIGINT, then a clean stop. A second signal ends it at once. */
export const serve = async (flags: ServeFlags): Promise<ExitCode> => {
  const config = parseConfig(environment(), flags)
  await refuseSettings(config)
  const log = openLog(config.logLevel)
  const stop = untilStopped()
  await refuseTakenPort(config)
  const node = await startNode({ config, log, shared: config.workers > 1 })
  const { stores, port, parts } = node
  const isAlone = config.workers === 1
  const workers = isAlone
    ? undefined
    : openWorkers(config.workers - 1, { config, port, stores, metrics: parts.metrics, log })
  console.log(await greeting(node, config))
  await stop
  console.log("Stopping: requests under way are answered first.")
  await workers?.stop()
  await node.close()
  return exitCodes.pass
}
