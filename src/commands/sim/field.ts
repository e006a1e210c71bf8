import type { Lab } from "../../lab/lab.ts"
import type { SecondBody } from "../../lab/report/second-body.ts"
import { runBody, type RunBody } from "../../lab/report/wire.ts"
import { secondBody } from "../../lab/report/second-body.ts"
import type { SimDeps, SimOptions } from "./sim.ts"
import { exitCodes } from "../../exit.ts"
import type { Complaint, Shower } from "./output.ts"
import type { Plan } from "./request.ts"
import { seriesOfTarget } from "./stored.ts"
import { followTarget } from "./target-run.ts"

/** A run that is over, with its seconds. */
export type Ended = { body: RunBody; points: SecondBody[] }

export type Field = ReturnType<typeof openField>

/** Where runs happen: a private server that serves all of them, started with the first, or the target. Close it. */
export const openField = (options: SimOptions, deps: SimDeps) => {
  let server: { lab: Lab; close(): Promise<void> } | undefined
  let stop = () => {}
  let isStopped = false
  const unlisten = deps.onInterrupt(() => {
    isStopped = true
    stop()
  })

  const runPrivately = async ({ request, settings }: Plan, show: Shower): Promise<Ended | Complaint> => {
    const k6 = await deps.findK6()
    if ("missing" in k6) return { complaint: k6.missing, code: exitCodes.missing }
    server ??= await deps.privateServer(settings)
    const { lab } = server
    const run = await lab.start(request)
    stop = () => void lab.stop(run.runId).catch(() => {})
    if (isStopped) stop()
    const unwatch = lab.onProgress((each) => show(runBody(each)))
    const ended = await lab.ended(run.runId).finally(unwatch)
    stop = () => {}
    show.done()
    return { body: runBody(ended), points: ended.live.map(secondBody) }
  }

  const runAtTarget = async (target: string, { request }: Plan, show: Shower): Promise<Ended | Complaint> => {
    const body = await followTarget(target, request, { ...deps, show })
    if ("complaint" in body) return body
    const needsPoints = options.html ?? options.csv ?? options.reportJson ?? options.baseline
    return { body, points: needsPoints === undefined ? [] : await seriesOfTarget(target, body.run_id, deps) }
  }

  const closeServer = async () => {
    const closing = server
    server = undefined
    await closing?.close()
  }

  return {
    run: (plan: Plan, show: Shower): Promise<Ended | Complaint> =>
      options.target === undefined ? runPrivately(plan, show) : runAtTarget(options.target, plan, show),
    /** The next run gets a fresh server: what broke this one shall not break the others. */
    renew: closeServer,
    isStopped: () => isStopped,
    close: async () => {
      // A second Ctrl-C must not cut the closing short: the stores would stay.
      await closeServer().finally(unlisten)
    },
  }
}
