import { type AnyElysia, Elysia, t } from "elysia"
import { Fault } from "../fault.ts"
import { demoHosts, openHosts } from "../guard/hosts.ts"
import { openPollLimiter } from "../guard/poll-limiter.ts"
import type { SaleId } from "../ids.ts"
import { type Millis, seconds } from "../units.ts"
import type { Snapshot } from "../waiting-room/waiting-room.ts"
import { accountRoutes } from "./api/accounts.ts"
import { admissionRoutes } from "./api/admissions.ts"
import { checkoutRoutes } from "./api/checkout.ts"
import { holdRoutes } from "./api/holds.ts"
import { serveFramed } from "./core/framework.ts"
import { adminRoutes } from "./api/admin.ts"
import { boardOf, boardPath } from "./api/waiting-room/board.ts"
import { readJson } from "./core/body.ts"
import { consoleRoutes } from "./pages/console/console.ts"
import { assetRoutes } from "./core/assets.ts"
import { labRoutes } from "./pages/lab/lab.ts"
import { demoRoutes } from "./api/demo/demo.ts"
import { eventRoutes } from "./api/events.ts"
import { fanRoutes } from "./pages/fan/fan.ts"
import { movedRoutes } from "./pages/moved.ts"
import { nowherePage } from "./pages/fan/notice.ts"
import { openCaller } from "./core/caller.ts"
import { describeApi } from "./openapi.ts"
import type { Parts } from "./core/parts.ts"
import { lookupPathname, notReady, openProblems, problem } from "./core/problem.ts"
import { reportRoutes } from "./api/demo/reports.ts"
import { openSaleFigures } from "./sale-figures.ts"
import { answers, Readiness } from "./core/schemas.ts"
import { seatRoutes } from "./api/seats.ts"
import { segmentRoutes } from "./api/demo/segments.ts"
import { openOperations } from "./api/operations.ts"
import { openShop } from "./api/shop.ts"
import { ticketRoutes } from "./api/tickets.ts"
import { openWaitingRooms } from "./api/waiting-room/routes.ts"

export type HttpServer = { url: string; port: number; boardsNow(): number; stop(within: Millis): Promise<void> }

/** Nothing is listening yet when this returns; `listen` binds the port. */
export const openServer = (parts: Parts) => {
  const { config, log, metrics, waitingRoom, health } = parts
  let server: Bun.Server<undefined> | undefined
  const routes: { method: string; path: RegExp; pattern: string }[] = []
  const allowedMethods = (path: string) => [
    ...new Set(routes.filter((each) => each.path.test(path)).map((each) => each.method)),
  ]
  const problems = openProblems({ log, metrics, allowedMethods })
  const caller = openCaller(parts, (request) => server?.requestIP(request)?.address)
  const hosts = openHosts(config.hosts.length > 0 ? [...config.hosts, "127.0.0.0/8", "::1"] : demoHosts(config.host))
  const checkHost = (request: Request) => hosts.check(request.headers.get("host"))
  const shop = openShop(parts)
  const operations = openOperations(parts)
  const pollLimiter = openPollLimiter({ clock: parts.clock })
  const rooms = openWaitingRooms(parts, caller, pollLimiter, problems.answer, checkHost)

  let described: string | undefined
  const base = new Elysia({
    name: "traffic",
    normalize: false,
    handler: { standardHostname: false },
  }).onError(
    ({ error, request, code }) =>
      (code === "NOT_FOUND" ? nowherePage(request) : undefined) ?? problems.answer(error, request),
  )
  serveFramed(
    base,
    [
      ...accountRoutes(parts),
      ...seatRoutes(parts),
      ...holdRoutes(shop),
      ...checkoutRoutes(shop),
      ...admissionRoutes(shop),
      ...assetRoutes,
      ...labRoutes(parts),
      ...consoleRoutes(parts, caller, operations),
      ...movedRoutes(parts),
      ...fanRoutes(parts, { caller, shop, pollLimiter, join: rooms.join }),
    ],
    caller,
  )
  const app: AnyElysia = base
    .onParse(({ request, route }) => (takesJson(request.method, route) ? readJson(request) : null))
    .get(
      "/openapi.json",
      () => {
        described ??= JSON.stringify(describeApi(app))
        return new Response(described, { headers: { "content-type": "application/json" } })
      },
      {
        response: answers({ 200: t.Object({}, { additionalProperties: true }) }),
        detail: { summary: "This document", tags: ["operation"] },
      },
    )
    .get("/health/live", () => ({ live: true as const }), {
      response: answers({ 200: t.Object({ live: t.Literal(true) }) }),
      detail: { summary: "The process answers", tags: ["operation"] },
    })
    .get(
      "/health/ready",
      ({ status }) => {
        const readiness = health.readiness()
        return readiness.ready ? status(200, readiness) : problem(notReady(readiness), "/health/ready")
      },
      {
        response: answers({ 200: Readiness }, 503),
        detail: { summary: "Whether a balancer may send requests here, and which store is away", tags: ["operation"] },
      },
    )
    .get(
      "/metrics",
      async () => {
        metrics.pending.set(server?.pendingRequests ?? 0)
        return new Response(await metrics.text(), { headers: { "content-type": metrics.registry.contentType } })
      },
      {
        detail: {
          summary: "Figures for Prometheus",
          tags: ["operation"],
          responses: { 200: { description: "done", content: { "text/plain": { schema: { type: "string" } } } } },
        },
      },
    )
    .use(eventRoutes(parts))
    .use(rooms.described)
    .use(ticketRoutes(parts, caller))
    .use(adminRoutes(parts, caller, operations))
    .use(segmentRoutes(parts, caller))
    .use(demoRoutes(parts, caller))
    .use(reportRoutes(parts, caller))
  for (const each of app.routes) routes.push({ method: each.method, path: patternOf(each.path), pattern: each.path })

  const answer = async (request: Request): Promise<Response> => {
    const began = performance.now()
    const path = lookupPathname(request.url)
    const response = await checked(request, path)
    metrics
      .route(routes.find((each) => each.path.test(path ?? ""))?.pattern ?? "unknown")
      .observe((performance.now() - began) / 1000)
    if (!response.headers.has("x-content-type-options")) response.headers.set("x-content-type-options", "nosniff")
    // Its cookies travel by TLS alone, so nobody has a use for plain HTTP; a browser heeds this only where TLS is.
    if (config.mode === "production") response.headers.set("strict-transport-security", "max-age=15552000")
    return response
  }

  const checked = (request: Request, path: string | undefined) => {
    try {
      checkHost(request)
      if (path === undefined) throw new Fault("misdirected", "The address of the request is no URL")
      checkQuery(request.url)
    } catch (error) {
      return problems.answer(error, request)
    }
    return app.fetch(request)
  }

  /** Boards are static answers, swapped when they change: no line of ours runs when one is asked for. */
  const boards = new Map<SaleId, { version: number; board: Response; routes: ReturnType<typeof rooms.ofSale> }>()
  const serving = () => ({
    routes: Object.assign(
      {},
      ...[...boards].map(([saleId, { board, routes }]) => ({ [boardPath(saleId)]: { GET: board }, ...routes })),
      rooms.raw,
    ) as never,
    fetch: answer,
  })
  const figures = openSaleFigures(metrics)
  const swap = (snapshots: Snapshot[]) => {
    const sizeBefore = boards.size
    const listed = new Set(snapshots.map((each) => each.saleId))
    let changed = false
    for (const saleId of boards.keys())
      if (!listed.has(saleId)) {
        changed = boards.delete(saleId) || changed
        figures.forget(saleId)
      }
    for (const snapshot of snapshots) {
      const before = boards.get(snapshot.saleId)
      if (before?.version === snapshot.version) continue
      boards.set(snapshot.saleId, {
        version: snapshot.version,
        board: boardOf(snapshot),
        routes: before?.routes ?? (boards.size < ownRoutesMax ? rooms.ofSale(snapshot.saleId) : {}),
      })
      changed = true
      figures.show(snapshot)
    }
    if (changed || sizeBefore !== boards.size) server?.reload(serving())
  }

  /** @throws Error EADDRINUSE when the port is taken */
  const listen = ({ shared = false }: { shared?: boolean } = {}): HttpServer => {
    const stopListening = waitingRoom.onTick(swap)
    server = Bun.serve({
      hostname: config.host,
      port: config.port,
      reusePort: shared,
      development: false,
      idleTimeout: 30,
      maxRequestBodySize: 16 * 1024 * 1024, // read no further than 64 KiB by body.ts, which can answer with a problem document
      error: (error: Error) => problems.answer(error, new Request("http://localhost/")),
      ...serving(),
    }) as Bun.Server<undefined>
    const bound = server
    return {
      url: `http://${config.host === "127.0.0.1" || config.host === "0.0.0.0" || config.host === "::" ? "localhost" : config.host}:${bound.port}`,
      port: bound.port ?? config.port,
      boardsNow: () => boards.size,
      stop: async (within) => {
        stopListening()
        rooms.streams.close()
        await Promise.race([bound.stop(), Bun.sleep(within)])
        await Promise.race([bound.stop(true), Bun.sleep(seconds(1))])
      },
    }
  }
  /** Everything that is served, pages and raw routes too; `hidden` is not in /openapi.json. */
  const table = () => {
    const raw = Object.entries(rooms.raw).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method, path, hidden: false })),
    )
    const framed = app.routes.map((each) => ({
      method: each.method,
      path: each.path,
      hidden: each.hooks?.detail?.hide === true,
    }))
    return [
      ...framed,
      ...raw.filter((each) => !framed.some(({ method, path }) => method === each.method && path === each.path)),
    ]
  }
  return { listen, routes: table, app }
}

/** Sales that have routes of their own; the time to swap boards grows with each. Others are found by their id in the path. */
const ownRoutesMax = 64

/** Pages read their forms themselves. What is sent along with a route that takes nothing is left unread. */
const takesJson = (method: string, route: string) =>
  route.startsWith("/v1/") && method !== "DELETE" && !takesNoBody.has(route)
const takesNoBody = new Set([
  "/v1/tickets/transfer",
  "/v1/sales/:id/waiting-room/join",
  "/v1/admin/sales/:id/pause",
  "/v1/admin/sales/:id/resume",
])

/** A name given twice has no one meaning, and no store takes NUL in a text. @throws Fault invalid_input */
const checkQuery = (address: string) => {
  const from = address.indexOf("?")
  if (from === -1) return
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(address.slice(from))) {
    if (seen.has(name)) throw new Fault("invalid_input", `/query/${name.slice(0, 64)}: is given twice`)
    if (value.includes("\0")) throw new Fault("invalid_input", `/query/${name.slice(0, 64)}: must not contain NUL`)
    seen.add(name)
  }
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replace(/[.]/g, "\\.").replace("*", ".+").replace(/:\w+/g, "[^/]+")}/?$`)
