import { Fault } from "../../fault.ts"
import { bodyBytesMax } from "./body.ts"

export const readForm = async (request: Request): Promise<Record<string, string>> =>
  Object.fromEntries(await readFields(request))

/** @throws Fault forbidden when another site sent it; body_too_large, unsupported_media_type, invalid_input */
export const readFields = async (request: Request): Promise<URLSearchParams> => {
  requireSameOrigin(request)
  const length = Number(request.headers.get("content-length") ?? Number.NaN)
  if (Number.isNaN(length)) throw new Fault("invalid_input", "Send the form with a Content-Length")
  if (length > bodyBytesMax) throw new Fault("body_too_large", `Send at most ${bodyBytesMax} bytes`)
  if (length === 0) return new URLSearchParams()
  const type = request.headers.get("content-type") ?? ""
  if (!type.startsWith("application/x-www-form-urlencoded"))
    throw new Fault("unsupported_media_type", "Send the form as application/x-www-form-urlencoded")
  const fields = new URLSearchParams(await request.text())
  for (const [name, value] of fields)
    if (value.includes("\0")) throw new Fault("invalid_input", `${name.slice(0, 64)} must not contain NUL`)
  return fields
}

/** A browser names the site that a request comes from. One that does not has to name the origin. */
export const requireSameOrigin = (request: Request): void => {
  const site = request.headers.get("sec-fetch-site")
  if (site === "same-origin" || (site === null && hasOwnOrigin(request))) return
  throw new Fault("forbidden", "This form has to be sent from a page of this server")
}

const hasOwnOrigin = (request: Request) => {
  const origin = request.headers.get("origin")
  return origin !== null && URL.canParse(origin) && new URL(origin).host === request.headers.get("host")
}
