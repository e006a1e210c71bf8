import { secondBody } from "../../lab/report/second-body.ts"
import { runBody } from "../../lab/report/wire.ts"
import type { SimOptions } from "./options.ts"
import { warn, type Shower } from "./output.ts"
import type { PrivateServer, SimParts } from "./parts.ts"
import type { RunRequest } from "./request.ts"
import type { Result } from "./result.ts"
import { runAtTarget } from "./target/run.ts"
import { readSeries } from "./target/stored.ts"
import { openTarget } from "./target/target.ts"

export type Runner = {
  run: (request: RunRequest, show: Shower) => Promise<Result>
  /** The next run gets a fresh server: what broke this one shall not break the others. */
  renew: () => Promise<void>
  isStopped: () => boolean
  close: () => Promise<void>
}

export const openRunner = ({ target, ...options }: SimOptions, parts: SimParts): Runner =>
  target === undefined ? openPrivateRunner(parts) : openTargetRunner(target, options, parts)

const openPrivateRunner = (parts: SimParts): Runner => {
  let server: PrivateServer | undefined
  let stopRun = () => {}
  const interrupt = listen(parts, () => stopRun())
  const renew = async () => {
    const closing = server
    server = undefined
    await closing?.close()
  }
  return {
    run: async ({ asked, settings }, show) => {
      await parts.findK6()
      server ??= await parts.privateServer(settings)
      const { lab } = server
      const { runId } = await lab.start(asked)
      stopRun = () => void lab.stop(runId).catch((error: Error) => warn(parts, `the run goes on: ${error.message}`))
      if (interrupt.isStopped()) stopRun()
      const unwatch = lab.onProgress((each) => show(runBody(each)))
      const ended = await lab.ended(runId).finally(unwatch)
      stopRun = () => {}
      show.done()
      return { body: runBody(ended), points: ended.live.map(secondBody) }
    },
    renew,
    isStopped: interrupt.isStopped,
    // A second Ctrl-C must not cut the closing short: the stores would stay.
    close: () => renew().finally(interrupt.unlisten),
  }
}

const openTargetRunner = (text: string, options: Omit<SimOptions, "target">, parts: SimParts): Runner => {
  const interrupt = listen(parts)
  const needsPoints = (options.html ?? options.csv ?? options.reportJson ?? options.baseline) !== undefined
  return {
    run: async ({ asked }, show) => {
      const target = await openTarget(text, parts.targeting)
      const body = await runAtTarget(target, asked, { ...parts, show })
      return { body, points: needsPoints ? await readSeries(target, body.run_id) : [] }
    },
    renew: async () => {},
    isStopped: interrupt.isStopped,
    close: async () => interrupt.unlisten(),
  }
}

const listen = ({ onInterrupt }: SimParts, stop = () => {}) => {
  let isStopped = false
  const unlisten = onInterrupt(() => {
    isStopped = true
    stop()
  })
  return { isStopped: () => isStopped, unlisten }
}
