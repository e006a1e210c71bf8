import type { Clock } from "../../clock.ts"
import { millis, type EpochMs, type Millis } from "../../units.ts"
import { fails, passes, type Check } from "../model/check.ts"

export type Restart =
  | { state: "left out" }
  | { state: "awaited" }
  | { state: "done"; at: EpochMs; took: Millis }
  | { state: "failed"; why: string }

/** Without `restart` the stage is skipped and says so, because the server is not the run's own. */
export const openRestart = ({
  after,
  restart,
  clock,
}: {
  after: Millis
  restart?: () => Promise<void>
  clock: Clock
}) => {
  let outcome: Restart = { state: restart === undefined ? "left out" : "awaited" }
  let timer: ReturnType<typeof setTimeout> | undefined
  const startAnew = async () => {
    const at = clock()
    outcome = await restart!().then(
      (): Restart => ({ state: "done", at, took: millis(clock() - at) }),
      (error: unknown): Restart => ({ state: "failed", why: error instanceof Error ? error.message : String(error) }),
    )
  }
  return {
    settings: restart === undefined ? {} : { restart_after_ms: after },
    begin: () => {
      if (restart !== undefined) timer = setTimeout(() => void startAnew(), after)
    },
    checks: (): Check[] => restartChecks(outcome),
    close: () => clearTimeout(timer),
  }
}

export const restartChecks = (restart: Restart): Check[] => {
  const name = "Server restarted in the middle"
  const expected = "all connections are cut, the memory of the waiting room is gone, and the server answers again"
  switch (restart.state) {
    case "left out":
      return [{ ...passes(name, expected, "left out: the server is not the run's own"), judged: false }]
    case "awaited":
      return [fails(name, expected, "no restart", "the run was over before it")]
    case "failed":
      return [fails(name, expected, "the server did not come back", restart.why)]
    case "done":
      return [passes(name, expected, `back after ${restart.took} ms`)]
  }
}
