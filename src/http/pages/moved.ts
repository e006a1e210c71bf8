import { lookupLab } from "../core/lab.ts"
import type { Parts } from "../core/parts.ts"
import type { PageRoute } from "../core/route.ts"
import { rowOf } from "./row.ts"

/** Console and lab shared the address /control before each had a name of its own; bookmarks and open pages still ask there. */
const places = {
  console: ["/sales", "/sales/*", "/signin", "/signout", "/event-mode", "/log"],
  lab: ["", "/runs", "/runs/*", "/history", "/compare", "/figures", "/estimate", "/reset"],
}

export const movedRoutes = (parts: Pick<Parts, "lab" | "config">): PageRoute[] => {
  const hasLab = lookupLab(parts) !== undefined
  return [
    ...places.console.flatMap((place) => movedTo("/console", place)),
    ...(hasLab ? places.lab.flatMap((place) => movedTo("/lab", place)) : []),
    ...(hasLab ? [] : [rowOf("GET /control", "anybody", "none", () => moved("/console"))]),
  ]
}

/** The rest of the path and the query stay; 308 sends a form on with its fields. */
const movedTo = (room: string, place: string): PageRoute[] =>
  (["GET", "POST"] as const).map((method) =>
    rowOf(`${method} /control${place}`, "anybody", "none", ({ request }) => {
      const { pathname, search } = new URL(request.url)
      return moved(`${room}${pathname.slice("/control".length)}${search}`)
    }),
  )

const moved = (location: string) =>
  new Response(null, { status: 308, headers: { location, "cache-control": "no-store" } })
