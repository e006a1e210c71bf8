import { openAgreedClock } from "../agreed-clock.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import { lookupLeaderTime } from "../waiting-room/scheduler.ts"
import { clocksOf, type Stores } from "./stores.ts"

/** @throws Refusal (missing) when no two clocks agree. */
export const openTime = async ({ stores, log, metrics }: { stores: Stores; log: Log; metrics: Metrics }) => {
  const nodeId = `${process.pid}-${crypto.randomUUID()}`
  const leader = () => lookupLeaderTime(stores.redis, nodeId)
  return { nodeId, ...(await openAgreedClock({ stores: clocksOf(stores), leader, log, metrics })) }
}
