import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import type { Metrics } from "../metrics.ts"
import { seconds } from "../units.ts"
import type { openScheduler } from "../waiting-room/scheduler.ts"
import type { Stores } from "./stores.ts"

export const openGauges = ({
  metrics,
  scheduler,
  stores,
  log,
}: {
  metrics: Metrics
  scheduler: Pick<ReturnType<typeof openScheduler>, "isLeader">
  stores: Stores
  log: Log
}) =>
  openLoop({
    name: "gauges",
    every: seconds(1),
    work: () => {
      metrics.leader.set(scheduler.isLeader() ? 1 : 0)
      for (const [store, { restarts }] of Object.entries(stores.appliance?.state() ?? {}))
        metrics.storeRestarts.set({ store }, restarts)
    },
    log,
  })
