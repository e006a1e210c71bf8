import type { JSX } from "preact"
import { render } from "preact-render-to-string"
import { sentence } from "../../../views/shared/words.ts"
import { faults, isFault, type Fault } from "../../fault.ts"

/** Nothing inline, nothing from elsewhere: a text that slipped into a page unescaped could still do nothing. */
export const contentPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
  "base-uri 'none'",
].join("; ")

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": contentPolicy,
  "cache-control": "no-store",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
}

export const page = (
  document: JSX.Element,
  { status = 200, more = {} }: { status?: number; more?: Record<string, string> } = {},
) =>
  new Response(`<!doctype html>\n${render(document)}`, {
    status,
    headers: { ...headers, ...(status === 503 || status === 429 ? { "retry-after": "1" } : {}), ...more },
  })

export const fragment = (...parts: JSX.Element[]) =>
  new Response(parts.map((each) => render(each)).join("\n"), { headers })

export const seeOther = (location: string, more: Record<string, string> = {}) =>
  new Response(null, { status: 303, headers: { location, "cache-control": "no-store", ...more } })

/** What went wrong in words for operators: the title of a wrong request is meant for programs. */
export const noticeOf = ({ code, message }: Fault) => ({
  heading: code === "invalid_input" ? "This cannot be done as it was asked" : faults[code].title,
  text: sentence(message),
})

export const orPage = async (
  answer: () => Promise<Response>,
  pageOf: (fault: Fault) => Response,
): Promise<Response> => {
  try {
    return await answer()
  } catch (error) {
    if (!isFault(error)) throw error
    return pageOf(error)
  }
}
