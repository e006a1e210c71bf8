import { exitCodes } from "../../exit.ts"
import { seconds } from "../../units.ts"
import { isFinal } from "../../lab/model/run.ts"
import type { RunBody } from "../../lab/report/wire.ts"
import type { SimDeps } from "./sim.ts"
import type { Complaint, Shower } from "./output.ts"
import { openTarget } from "./target.ts"

/** Runs on a server that is up already, through its demo API. */
export const followTarget = async (
  target: string,
  request: Record<string, unknown>,
  deps: SimDeps & { show: Shower },
): Promise<RunBody | Complaint> => {
  const found = await openTarget(target, deps.targeting)
  if ("complaint" in found) return found
  const { call, origin } = found
  const begun = await call("POST", "/v1/demo/loadtest", request)
  if ("complaint" in begun) return begun
  const path = `/v1/demo/loadtest/${String(begun.answer["run_id"])}`
  const unlisten = deps.onInterrupt(() => void call("DELETE", path))
  try {
    for (let missed = 0; missed < patience;) {
      await Bun.sleep(seconds(1))
      const asked = await call("GET", path)
      if ("complaint" in asked) {
        missed++
        continue
      }
      missed = 0
      const run = asked.answer as RunBody
      deps.show(run)
      if (!isFinal(run.status)) continue
      deps.show.done()
      return run
    }
    return { complaint: `${origin} did not answer any more`, code: exitCodes.fail }
  } finally {
    unlisten()
  }
}

/** Answers missed in a row before the server counts as gone; a scenario may restart it. */
const patience = 60
