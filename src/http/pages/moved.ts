import { Elysia } from "elysia"
import { lookupLab } from "../core/lab.ts"
import type { Parts } from "../core/parts.ts"

/** Console and lab shared the address /control before each had a name of its own; bookmarks and open pages still ask there. */
const places = {
  console: ["/sales", "/sales/*", "/signin", "/signout", "/event-mode", "/log"],
  lab: ["", "/runs", "/runs/*", "/history", "/compare", "/figures", "/estimate", "/reset"],
}

export const movedRoutes = (parts: Parts) => {
  const routes = new Elysia({ name: "moved" })
  const hide = { detail: { hide: true }, parse: "none" as const }
  const move = (from: string, to: string) => {
    const answer = ({ request }: { request: Request }) => movedTo(to, request.url)
    routes.get(from, answer, hide).post(from, answer, hide)
  }
  for (const place of places.console) move(`/control${place}`, "/console")
  if (lookupLab(parts) === undefined) return routes.get("/control", () => moved("/console"), hide)
  for (const place of places.lab) move(`/control${place}`, "/lab")
  return routes
}

/** The rest of the path and the query stay; 308 sends a form on with its fields. */
const movedTo = (room: string, address: string) => {
  const { pathname, search } = new URL(address)
  return moved(`${room}${pathname.slice("/control".length)}${search}`)
}

const moved = (location: string) =>
  new Response(null, { status: 308, headers: { location, "cache-control": "no-store" } })
