import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" }
import connection from "../../../views/shared/connection.js" with { type: "text" }
import icon from "../../../views/shared/icon.svg" with { type: "text" }
import fanScript from "../../../views/fan/fan.js" with { type: "text" }
import waitingScript from "../../../views/fan/waiting.js" with { type: "text" }
import { Fault } from "../../fault.ts"
import { pageRoute, type PageHandler, type PageRoute } from "./route.ts"
import { sheets } from "./sheets.ts"

type Asset = { name: string; text: string; type: string }

/** Everything a browser loads besides pages; the binary carries it. The hash in the address lets it be kept for ever. */
const asset = (name: string, text: string, type: string): Asset => {
  const [stem, extension] = name.split(".")
  return {
    name: `${stem}-${new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12)}.${extension}`,
    text,
    type,
  }
}

const css = "text/css; charset=utf-8"
const script = "text/javascript; charset=utf-8"
const labStyle_ = asset("lab.css", sheets.lab, css)
const fanStyle_ = asset("fan.css", sheets.fan, css)
const consoleStyle_ = asset("console.css", sheets.console, css)
const fanScript_ = asset("fan.js", fanScript, script)
const waitingScript_ = asset("waiting.js", waitingScript, script)
const htmx_ = asset("htmx.js", htmx, script)
const connection_ = asset("connection.js", connection, script)
const icon_ = asset("icon.svg", icon, "image/svg+xml")
const assets = [labStyle_, fanStyle_, consoleStyle_, fanScript_, waitingScript_, htmx_, connection_, icon_]

export type AssetAddresses = { style: string; htmx: string; connection: string; icon: string }
export const addresses: AssetAddresses = {
  style: `/assets/${labStyle_.name}`,
  htmx: `/assets/${htmx_.name}`,
  connection: `/assets/${connection_.name}`,
  icon: `/assets/${icon_.name}`,
}

export const fanAddresses = {
  style: `/assets/${fanStyle_.name}`,
  script: `/assets/${fanScript_.name}`,
  waiting: `/assets/${waitingScript_.name}`,
  icon: addresses.icon,
}

export const consoleAddresses = { ...addresses, style: `/assets/${consoleStyle_.name}` }

/** A page that was served needs them, above all one of a shopper. */
const served = (path: `/${string}`, handler: PageHandler): PageRoute =>
  pageRoute({ method: "GET", path, who: "anybody", limit: "none", work: "joins", body: "none", handler })

export const assetRoutes: PageRoute[] = [
  served("/assets/:name", ({ params, request }) => answer(find(params["name"]), request)),
  served("/favicon.ico", () => new Response(null, { status: 302, headers: { location: addresses.icon } })),
]

const find = (name: string | undefined) => {
  const found = assets.find((each) => each.name === name)
  if (found === undefined)
    throw new Fault("not_found", "There is no such asset; a page that was open before an update needs a reload")
  return found
}

const answer = ({ name, text, type }: Asset, request: Request) => {
  const etag = `"${name}"`
  const headers = {
    etag,
    "content-type": type,
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    vary: "accept-encoding",
  }
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers })
  const zips = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")
  return zips
    ? new Response(zipped(name, text), { headers: { ...headers, "content-encoding": "gzip" } })
    : new Response(text, { headers })
}

const zips = new Map<string, Uint8Array<ArrayBuffer>>()
const zipped = (name: string, text: string) => {
  const found = zips.get(name)
  if (found) return found
  const made = Bun.gzipSync(text)
  zips.set(name, made)
  return made
}
