import { openRoutes } from "../http/routes.ts"
import type { Route } from "../http/core/route.ts"

/** The table of all routes of a demo, on parts that are nothing: what its rows say can be read, what they do cannot be done. */
export const routesOnNothing = (): Route[] => openRoutes(nothing, nothing).routes

export const nameOf = ({ method, path }: Pick<Route, "method" | "path">) => `${method} ${path}`

/** Whatever is read of it or called is the same nothing. */
const nothing: never = new Proxy(() => {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === Symbol.iterator ? () => [].values() : nothing),
  apply: () => nothing,
}) as never
