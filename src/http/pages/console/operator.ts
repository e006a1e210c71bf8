import type { ConsoleFrameProps } from "../../../../views/console/frame.tsx"
import type { Look } from "../../../../views/shared/look.ts"
import { ConsoleNotice } from "../../../../views/console/notice-page.tsx"
import { operatorSessionLength } from "../../../guard/operator-sessions.ts"
import { consoleAddresses } from "../../core/assets.ts"
import { requireSameOrigin } from "../../core/form.ts"
import { lookupLab } from "../../core/lab.ts"
import type { Caller } from "../../core/caller.ts"
import type { Operations } from "../../api/operations.ts"
import { noticeOf, orPage, page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import { refusalHeaders } from "../../core/problem.ts"
import { openSessions } from "../../core/session.ts"

export type Desk = ReturnType<typeof openDesk>

/** What all pages of the console stand on: who the operator is. */
export const openDesk = (parts: Parts, caller: Caller, operations: Operations) => {
  const { config, operatorSessions } = parts
  const cookie = openSessions(config, { name: "traffic-operator", length: operatorSessionLength })

  const look: Look = { currency: config.currency, timeZone: config.timeZone }
  const frame = (operator?: string): ConsoleFrameProps => ({
    assets: consoleAddresses,
    operator,
    demo: lookupLab(parts) !== undefined,
  })

  const orNotice = (answer: () => Promise<Response>, operator?: string) =>
    orPage(answer, (fault) =>
      page(
        ConsoleNotice({
          frame: frame(operator),
          ...noticeOf(fault),
        }),
        { status: fault.status, more: refusalHeaders(fault) },
      ),
    )

  return {
    parts,
    caller,
    operations,
    look,
    frame,
    orNotice,
    begin: async (operator: string) => cookie.begin(await operatorSessions.begin(operator)),
    /** In this browser, and wherever else the cookie was copied to. */
    end: async (request: Request) => {
      await operatorSessions.end(cookie.lookup(request))
      return cookie.end()
    },

    /** A page for operators; everybody else signs in first. What changes something must come from a page of ours, whatever cookie it has. */
    page: (request: Request, answer: (operator: string) => Promise<Response>): Promise<Response> =>
      orNotice(async () => {
        const isRead = request.method === "GET" || request.method === "HEAD"
        if (!isRead) requireSameOrigin(request)
        const operator = await operatorSessions.lookup(cookie.lookup(request))
        if (operator !== undefined) return orNotice(() => answer(operator), operator)
        // Figures that an open page asks for: the page itself goes to the sign-in, not a part of it.
        if (request.headers.has("hx-request"))
          return new Response(null, { headers: { "hx-refresh": "true", "cache-control": "no-store" } })
        const { pathname, search } = new URL(request.url)
        const next = isRead ? pathname + search : "/console/sales"
        return seeOther(`/console/signin?${new URLSearchParams({ next }).toString()}`)
      }),
  }
}
