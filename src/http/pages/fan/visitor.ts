import { FanNotice, type Frame } from "../../../../views/fan/frame.tsx"
import type { Look } from "../../../../views/shared/look.ts"
import { Fault, faults } from "../../../fault.ts"
import type { openPolls } from "../../../guard/polls.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import { fanAddresses } from "../../core/assets.ts"
import type { Caller } from "../../core/caller.ts"
import { orPage, page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import { refusalHeaders } from "../../core/problem.ts"
import type { Shop } from "../../api/shop.ts"
import { sentenceOf } from "./words.ts"

export type FanParts = {
  caller: Caller
  shop: Shop
  polls: ReturnType<typeof openPolls>
  join: (request: Request, saleId: SaleId) => Promise<Response>
}
export type Fan = ReturnType<typeof openFan>

/** What all pages for fans stand on. */
export const openFan = (parts: Parts, { caller, shop, polls, join }: FanParts) => {
  const look: Look = { currency: parts.config.currency, timeZone: parts.config.timeZone }
  const frame = (request: Request): Frame => ({
    assets: fanAddresses,
    signedIn: caller.visitor(request) !== undefined,
  })
  return {
    parts,
    caller,
    shop,
    polls,
    join,
    look,
    frame,
    visitor: caller.visitor,

    /** A page for whoever is signed in; others are sent to sign in first and come back. */
    signedIn: (request: Request, answer: (account: AccountId) => Promise<Response>): Promise<Response> => {
      const account = caller.visitor(request)
      if (account !== undefined) return answer(account)
      const { pathname, search } = new URL(request.url)
      // A form cannot be sent again after signing in: the page it stands on can be seen again.
      const next = request.method === "GET" ? pathname + search : (lookupReferrer(request) ?? "/events")
      return Promise.resolve(seeOther(`/signin?${new URLSearchParams({ next }).toString()}`))
    },

    /** A refusal becomes a page that says what to do next. */
    orNotice: (request: Request, answer: () => Promise<Response>): Promise<Response> =>
      orPage(answer, (fault) => notice(frame(request), fault)),
  }
}

const notice = (frame: Frame, fault: Fault) =>
  page(
    FanNotice({
      frame,
      heading: headings[fault.code] ?? faults[fault.code].title,
      text: sentenceOf(fault),
      actions: [
        { href: "/events", label: "All events" },
        { href: "/me/tickets", label: "My tickets" },
      ],
    }),
    { status: fault.status, more: refusalHeaders(fault) },
  )

/** For a browser that followed a link to nowhere. */
export const nowherePage = (request: Request): Response | undefined => {
  const isPage = request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html")
  if (!isPage || new URL(request.url).pathname.startsWith("/v1/")) return undefined
  return notice(
    { assets: fanAddresses },
    new Fault("not_found", "Nothing is here. The event may be over, or the link broken."),
  )
}

const headings: Partial<Record<keyof typeof faults, string>> = {
  rate_limited: "Too many attempts",
  malformed_id: "This address leads nowhere",
  not_found: "This address leads nowhere",
}

/** A path of this server; anything else would lead a person who has just signed in elsewhere. */
export const lookupPath = (text: string | null | undefined): string | undefined =>
  text && text.length <= 500 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text) ? text : undefined

const lookupReferrer = (request: Request) => {
  const referrer = request.headers.get("referer")
  if (referrer === null || !URL.canParse(referrer)) return undefined
  const { host, pathname, search } = new URL(referrer)
  return host === request.headers.get("host") ? lookupPath(pathname + search) : undefined
}
