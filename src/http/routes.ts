import { openPollLimiter } from "../guard/poll-limiter.ts"
import { accountRoutes } from "./api/accounts.ts"
import { adminEventRoutes } from "./api/admin/events.ts"
import { queueEntryRoutes } from "./api/admin/queue-entries.ts"
import { adminSaleRoutes } from "./api/admin/sales.ts"
import { statsRoutes } from "./api/admin/stats.ts"
import { admissionRoutes } from "./api/admissions.ts"
import { checkoutRoutes } from "./api/checkout.ts"
import { demoRoutes } from "./api/demo/demo.ts"
import { segmentRoutes } from "./api/demo/segments.ts"
import { eventRoutes } from "./api/events.ts"
import { holdRoutes } from "./api/holds.ts"
import { openOperations } from "./api/operations.ts"
import { seatRoutes } from "./api/seats.ts"
import { openShop } from "./api/shop.ts"
import { ticketRoutes } from "./api/tickets.ts"
import { boardRoute } from "./api/waiting-room/board.ts"
import { joinRoute, openJoins } from "./api/waiting-room/join.ts"
import { openStatus, statusRoute } from "./api/waiting-room/status.ts"
import { openStreams, streamRoute } from "./api/waiting-room/stream.ts"
import { assetRoutes } from "./core/assets.ts"
import type { Caller } from "./core/caller.ts"
import type { Parts } from "./core/parts.ts"
import type { Route } from "./core/route.ts"
import { healthRoutes } from "./health.ts"
import { openapiRoute } from "./openapi.ts"
import { consoleRoutes } from "./pages/console/console.ts"
import { fanRoutes } from "./pages/fan/fan.ts"
import { labRoutes } from "./pages/lab/lab.ts"
import { movedRoutes } from "./pages/moved.ts"

type Asked = { caller: Caller; pendingRequests: () => number }

/** THE table: every address that this server answers, with who may ask, what it counts and takes, and what it answers. */
export const openRoutes = (parts: Parts, { caller, pendingRequests }: Asked) => {
  const shop = openShop(parts)
  const operations = openOperations(parts)
  const pollLimiter = openPollLimiter(parts)
  const join = openJoins(parts, caller)
  const status = openStatus(parts)
  const { waitingRoom, clock, metrics, log } = parts
  const streams = openStreams({ waitingRoom, clock, metrics, log, statusOf: status.find })

  const routes: Route[] = [
    openapiRoute(() => routes),
    ...healthRoutes(parts, pendingRequests),

    ...accountRoutes(parts),
    ...eventRoutes(parts),
    joinRoute(join),
    statusRoute(status, pollLimiter),
    streamRoute(streams, parts, caller),
    boardRoute(parts),
    ...seatRoutes(parts),
    ...holdRoutes(shop),
    ...checkoutRoutes(shop),
    ...admissionRoutes(shop),
    ...ticketRoutes(parts),

    ...adminEventRoutes(operations),
    ...adminSaleRoutes(operations),
    ...statsRoutes(parts),
    ...queueEntryRoutes(parts),
    ...segmentRoutes(parts),
    ...demoRoutes(parts),

    ...fanRoutes(parts, { caller, shop, pollLimiter, join }),
    ...consoleRoutes(parts, caller, operations),
    ...labRoutes(parts),
    ...movedRoutes(parts),
    ...assetRoutes,
  ]
  return { routes, streams }
}
