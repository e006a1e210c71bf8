import { myTickets } from "../../../../views/fan/actions.tsx"
import type { Frame } from "../../../../views/fan/frame.tsx"
import { FanNotice } from "../../../../views/fan/notice-page.tsx"
import { Fault, faults } from "../../../fault.ts"
import { fanAddresses } from "../../core/assets.ts"
import { page } from "../../core/page.ts"
import { refusalHeaders } from "../../core/problem.ts"
import { sentenceOf } from "./words.ts"

/** A refusal as a page that says what to do next. */
export const notice = (frame: Frame, fault: Fault): Response =>
  page(
    FanNotice({
      frame,
      heading: headings[fault.code] ?? faults[fault.code].title,
      text: sentenceOf(fault),
      actions: [{ href: "/events", label: "All events" }, myTickets],
    }),
    { status: fault.status, more: refusalHeaders(fault) },
  )

export const nowherePage = (request: Request): Response | undefined => {
  const isPage = request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html")
  if (!isPage || new URL(request.url).pathname.startsWith("/v1/")) return undefined
  return notice(
    { assets: fanAddresses },
    new Fault("not_found", "Nothing is here. The event may be over, or the link broken."),
  )
}

/** For whoever is refused under overload; who it is has not been looked at. */
export const busyPage = (fault: Fault): Response => notice({ assets: fanAddresses }, fault)

const headings: Partial<Record<keyof typeof faults, string>> = {
  rate_limited: "Too many attempts",
  overloaded: "Many people are here at this moment",
  malformed_id: "This address leads nowhere",
  not_found: "This address leads nowhere",
}
