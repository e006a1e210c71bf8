import { parseId, type SaleId } from "../../ids.ts"
import type { Metrics } from "../../metrics.ts"
import type { Caller } from "./caller.ts"
import { workOf, type CrowdRoute, type CrowdServer, type Route } from "./route.ts"
import type { Shedding } from "./shedding.ts"

type Request = Bun.BunRequest<"/v1/sales/:id/waiting-room/status">
type Answer = Response | Promise<Response>
export type BunRoutes = Record<string, Partial<Record<CrowdRoute["method"], Response | Handler>>>
type Handler = (request: Request, server: CrowdServer) => Answer

type Used = {
  caller: Pick<Caller, "account">
  metrics: Pick<Metrics, "route">
  shedding: Pick<Shedding, "desk">
  overloaded: (request: globalThis.Request) => Response
  checkHost: (request: globalThis.Request) => void
  answerError: (error: unknown, request: globalThis.Request) => Response
}

export const openCrowd = (routes: Route[], parts: Used) => {
  const rows = routes.filter((each) => each.kind === "crowd")
  const saleIn = (request: Request) => parseId<SaleId>(request.params.id ?? "", "The sale's id")
  const anySale: BunRoutes = Object.fromEntries(rows.map((row) => [row.path, served(row, parts, saleIn)]))
  return {
    anySale,
    ofSale: (saleId: SaleId): BunRoutes =>
      Object.fromEntries(
        rows
          .filter((row) => row.perSale)
          .map((row) => [row.path.replace(":id", saleId), served(row, parts, () => saleId)]),
      ),
  }
}

/** An answer that is there at once is given without a promise. */
const served = (
  row: CrowdRoute,
  { caller, metrics, shedding, overloaded, checkHost, answerError }: Used,
  saleOf: (request: Request) => SaleId,
) => {
  const metric = metrics.route(row.path)
  const desk = shedding.desk(workOf(row))
  const { anyHost, handler } = row
  return {
    [row.method]: (request: Request, server: CrowdServer): Answer => {
      if (!desk.enter()) return overloaded(request)
      const began = performance.now()
      const done = (response: Response) => {
        desk.leave()
        metric.observe((performance.now() - began) / 1000)
        return response
      }
      try {
        if (!anyHost) checkHost(request)
        const given = handler(request, saleOf(request), caller.account(request), server)
        return given instanceof Response ? done(given) : given.then(done, (error) => done(answerError(error, request)))
      } catch (error) {
        return done(answerError(error, request))
      }
    },
  }
}
