import type { ConsoleFrameProps } from "../../../../views/console/frame.tsx"
import { ConsoleNotice } from "../../../../views/console/notice-page.tsx"
import type { Look } from "../../../../views/shared/look.ts"
import { operatorSessionLength } from "../../../guard/operator-sessions.ts"
import type { Operations } from "../../api/operations.ts"
import { consoleAddresses } from "../../core/assets.ts"
import type { Caller } from "../../core/caller.ts"
import { requireSameOrigin } from "../../core/form.ts"
import { lookupLab } from "../../core/lab.ts"
import type { Limit } from "../../core/limits.ts"
import { noticeOf, orPage, page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import { refusalHeaders } from "../../core/problem.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { openSessions } from "../../core/session.ts"
import { rowOf, spending, type Address, type Asked } from "../row.ts"

export type ConsoleParts = Parts & {
  caller: Caller
  operations: Operations
  look: Look
  cookie: ReturnType<typeof openSessions>
}

export const openConsole = (parts: Parts, caller: Caller, operations: Operations): ConsoleParts => ({
  ...parts,
  caller,
  operations,
  look: { currency: parts.config.currency, timeZone: parts.config.timeZone },
  cookie: openSessions(parts.config, { name: "traffic-operator", length: operatorSessionLength }),
})

export const frameOf = (parts: ConsoleParts, operator?: string): ConsoleFrameProps => ({
  assets: consoleAddresses,
  operator,
  demo: lookupLab(parts) !== undefined,
})

export const forAnybody = (
  parts: ConsoleParts,
  address: Address,
  answer: (parts: ConsoleParts, asked: Asked) => Response | Promise<Response>,
  limit: Limit = "none",
): PageRoute =>
  rowOf(address, "anybody", limit, (asked) =>
    orNotice(parts, undefined, async () => answer(parts, spending(parts.caller, limit, asked))),
  )

/** A page for operators; everybody else signs in first. What changes something must come from a page of ours, whatever cookie it has. */
export const forOperator = (
  parts: ConsoleParts,
  address: Address,
  answer: (parts: ConsoleParts, asked: PageAsked, operator: string) => Response | Promise<Response>,
): PageRoute =>
  rowOf(address, "operator", "none", (asked) =>
    orNotice(parts, undefined, async () => {
      if (!isRead(asked)) requireSameOrigin(asked.request)
      const operator = await parts.operatorSessions.lookup(parts.cookie.lookup(asked.request))
      return operator === undefined
        ? toSignIn(asked)
        : orNotice(parts, operator, async () => answer(parts, asked, operator))
    }),
  )

/** Figures that an open page asks for: the page itself goes to the sign-in, not a part of it. */
const toSignIn = (asked: PageAsked) => {
  if (asked.request.headers.has("hx-request"))
    return new Response(null, { headers: { "hx-refresh": "true", "cache-control": "no-store" } })
  const { pathname, search } = new URL(asked.request.url)
  const next = isRead(asked) ? pathname + search : "/console/sales"
  return seeOther(`/console/signin?${new URLSearchParams({ next }).toString()}`)
}

const isRead = ({ request }: PageAsked) => request.method === "GET" || request.method === "HEAD"

const orNotice = (parts: ConsoleParts, operator: string | undefined, answer: () => Promise<Response>) =>
  orPage(answer, (fault) =>
    page(ConsoleNotice({ frame: frameOf(parts, operator), ...noticeOf(fault) }), {
      status: fault.status,
      more: refusalHeaders(fault),
    }),
  )
