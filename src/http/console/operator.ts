import type { ConsoleFrameProps } from "../../../views/console/frame.tsx"
import type { Look } from "../../../views/fan/look.ts"
import { FanNotice } from "../../../views/fan/frame.tsx"
import { faults, isFault } from "../../fault.ts"
import { consoleAddresses, fanAddresses } from "../assets.ts"
import { requireSameOrigin } from "../form.ts"
import type { Gate } from "../gate.ts"
import type { Operations } from "../operations.ts"
import { page, seeOther } from "../page.ts"
import type { Parts } from "../parts.ts"

export type Desk = ReturnType<typeof openDesk>

/** What all pages of the console stand on: who the operator is. */
export const openDesk = (parts: Parts, gate: Gate, operations: Operations) => {
  const { config, tokens } = parts
  const [name, attributes] =
    config.mode === "production"
      ? ["__Host-traffic-operator", "Path=/; Secure; HttpOnly; SameSite=Lax"]
      : ["traffic-operator", "Path=/; HttpOnly; SameSite=Lax"]
  const pattern = new RegExp(`(?:^|;\\s*)${name}=([^;\\s]{1,800})(?:;|$)`)

  /** Changing something from a page of another site is refused, whatever cookie comes along. */
  const lookupOperator = (request: Request): string | undefined => {
    const session = pattern.exec(request.headers.get("cookie") ?? "")?.[1]
    return session === undefined ? undefined : tokens.verifyOperator(session, config.adminKey)
  }

  const look: Look = { currency: config.currency, timeZone: config.timeZone }
  const frame = (operator?: string): ConsoleFrameProps => ({
    assets: consoleAddresses,
    operator,
    demo: parts.lab !== undefined,
  })

  const orNotice = async (answer: () => Promise<Response>): Promise<Response> => {
    try {
      return await answer()
    } catch (error) {
      if (!isFault(error)) throw error
      return page(
        FanNotice({
          frame: { assets: fanAddresses },
          heading: faults[error.code].title,
          text: error.message,
          actions: [{ href: "/control/sales", label: "To the console" }],
        }),
        { status: error.status },
      )
    }
  }

  return {
    parts,
    gate,
    operations,
    look,
    frame,
    orNotice,
    lookupOperator,
    begin: (operator: string) =>
      `${name}=${tokens.signOperator(operator, config.adminKey)}; ${attributes}; Max-Age=${8 * 60 * 60}`,
    end: () => `${name}=; ${attributes}; Max-Age=0`,

    /** A page for operators; everybody else signs in first. */
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
