import { Refusal } from "../../../exit.ts"
import { isFinal } from "../../../lab/model/run.ts"
import type { RunBody } from "../../../lab/report/wire.ts"
import { seconds } from "../../../units.ts"
import { warn, type Output, type Shower } from "../output.ts"
import type { Target } from "./target.ts"

type Watching = Pick<Output, "progress"> & { onInterrupt: (stop: () => void) => () => void; show: Shower }

/** Starts a run on a server that is up already, through its demo API, and follows it to its end. @throws Refusal */
export const runAtTarget = async (
  { call, lookup, origin }: Target,
  asked: Record<string, unknown>,
  { progress, onInterrupt, show }: Watching,
): Promise<RunBody> => {
  const { run_id } = await call("POST", "/v1/demo/loadtest", asked)
  const path = `/v1/demo/loadtest/${String(run_id)}`
  const stop = () => call("DELETE", path).catch((error: Error) => warn({ progress }, error.message))
  const unlisten = onInterrupt(() => void stop())
  try {
    let missed = 0
    while (missed < missedMax) {
      await Bun.sleep(seconds(1))
      const run = (await lookup(path)) as RunBody | undefined
      missed = run === undefined ? missed + 1 : 0
      if (run === undefined) continue
      show(run)
      if (!isFinal(run.status)) continue
      show.done()
      return run
    }
  } finally {
    unlisten()
  }
  throw new Refusal("fail", `${origin} did not answer any more: look there for run ${String(run_id)}`)
}

/** Answers missed in a row before the server counts as gone; a scenario may restart it. */
const missedMax = 60
