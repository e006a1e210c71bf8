import type { Config } from "../config.ts"
import { type Millis, seconds } from "../units.ts"
import { openBoards } from "./boards.ts"
import { openCaller } from "./core/caller.ts"
import { openCrowd, type BunRoutes } from "./core/crowd.ts"
import { openEnvelope } from "./core/envelope.ts"
import { openFramework } from "./core/framework.ts"
import { openHostCheck } from "./core/host-check.ts"
import { openLookup } from "./core/lookup.ts"
import { openOverloaded } from "./core/overloaded.ts"
import type { Parts } from "./core/parts.ts"
import { openProblems } from "./core/problem.ts"
import { openShedding } from "./core/shedding.ts"
import { busyPage, nowherePage } from "./pages/fan/notice.ts"
import { openRoutes } from "./routes.ts"

export type HttpServer = { url: string; port: number; boardsNow(): number; stop(within: Millis): Promise<void> }

/** Nothing is listening yet when this returns; `listen` binds the port. */
export const openServer = (parts: Parts) => {
  const { config, log, metrics, waitingRoom } = parts
  let server: Bun.Server<undefined> | undefined
  const caller = openCaller(parts, (request) => server?.requestIP(request)?.address)
  const { routes, streams } = openRoutes(parts, {
    caller,
    pendingRequests: () => server?.pendingRequests ?? 0,
  })
  const lookup = openLookup(routes)
  const answerError = openProblems({ log, metrics, methodsOf: lookup.methods })
  const checkHost = openHostCheck(config)
  const shedding = openShedding({ config, metrics, log })
  const overloaded = openOverloaded({ metrics, pageOf: busyPage })
  const crowd = openCrowd(routes, { caller, metrics, shedding, overloaded, checkHost, answerError })
  const answer = openFramework(routes, { caller, answerError, nowhere: nowherePage })
  const fetch = openEnvelope({ config, metrics, lookup, shedding, overloaded, checkHost, answer, answerError })
  const boards = openBoards({ metrics, routesOf: crowd.ofSale })
  const serving = (): Serving => ({ routes: { ...boards.routes(), ...crowd.anySale }, fetch })

  const listen = ({ shared = false }: { shared?: boolean } = {}): HttpServer => {
    const stopListening = waitingRoom.onTick((snapshots) => {
      if (boards.swap(snapshots)) server?.reload(serving() as never)
    })
    const bound = bind(config, shared, serving(), answerError)
    server = bound
    shedding.start()
    return {
      url: `http://${hostOf(config.host)}:${bound.port}`,
      port: bound.port ?? config.port,
      boardsNow: boards.count,
      stop: async (within) => {
        stopListening()
        shedding.stop()
        streams.close()
        await Promise.race([bound.stop(), Bun.sleep(within)])
        await Promise.race([bound.stop(true), Bun.sleep(seconds(1))])
      },
    }
  }
  return { listen, routes }
}

type Serving = { routes: BunRoutes; fetch: (request: Request) => Promise<Response> }

const bind = (
  { host, port }: Config,
  shared: boolean,
  serving: Serving,
  answerError: (error: unknown, request: Request) => Response,
) =>
  Bun.serve({
    hostname: host,
    port,
    reusePort: shared,
    development: false,
    idleTimeout: 30,
    maxRequestBodySize: 16 * 1024 * 1024, // read no further than 64 KiB by body.ts, which can answer with a problem document
    error: (error: Error) => answerError(error, new Request("http://localhost/")),
    ...serving,
  } as never) as Bun.Server<undefined>

const hostOf = (host: string) => (host === "127.0.0.1" || host === "0.0.0.0" || host === "::" ? "localhost" : host)
