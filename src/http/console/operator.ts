import type { ConsoleFrameProps } from "../../../views/console/frame.tsx"
import type { Look } from "../../../views/fan/look.ts"
import { FanNotice } from "../../../views/fan/frame.tsx"
import { faults } from "../../fault.ts"
import { minutes } from "../../units.ts"
import { consoleAddresses, fanAddresses } from "../assets.ts"
import { requireSameOrigin } from "../form.ts"
import type { Gate } from "../gate.ts"
import type { Operations } from "../operations.ts"
import { orPage, page, seeOther } from "../page.ts"
import type { Parts } from "../parts.ts"
import { openSessions } from "../session.ts"

export type Desk = ReturnType<typeof openDesk>

/** What all pages of the console stand on: who the operator is. */
export const openDesk = (parts: Parts, gate: Gate, operations: Operations) => {
  const { config, tokens } = parts
  const sessions = openSessions(config, { name: "traffic-operator", length: minutes(8 * 60) })

  const lookupOperator = (request: Request): string | undefined => {
    const session = sessions.lookup(request)
    return session === undefined ? undefined : tokens.verifyOperator(session, config.adminKey)
  }

  const look: Look = { currency: config.currency, timeZone: config.timeZone }
  const frame = (operator?: string): ConsoleFrameProps => ({
    assets: consoleAddresses,
    operator,
    demo: parts.lab !== undefined,
  })

  const orNotice = (answer: () => Promise<Response>) =>
    orPage(answer, (fault) =>
      page(
        FanNotice({
          frame: { assets: fanAddresses },
          heading: faults[fault.code].title,
          text: fault.message,
          actions: [{ href: "/control/sales", label: "To the console" }],
        }),
        { status: fault.status },
      ),
    )

  return {
    parts,
    gate,
    operations,
    look,
    frame,
    orNotice,
    begin: (operator: string) => sessions.begin(tokens.signOperator(operator, config.adminKey)),
    end: sessions.end,

    /** A page for operators; everybody else signs in first. What changes something must come from a page of ours, whatever cookie it has. */
    page: (request: Request, answer: (operator: string) => Promise<Response>): Promise<Response> =>
      orNotice(async () => {
        if (request.method !== "GET") requireSameOrigin(request)
        const operator = lookupOperator(request)
        if (operator !== undefined) return answer(operator)
        const { pathname, search } = new URL(request.url)
        const next = request.method === "GET" ? pathname + search : "/control/sales"
        return seeOther(`/control/signin?${new URLSearchParams({ next }).toString()}`)
      }),
  }
}
