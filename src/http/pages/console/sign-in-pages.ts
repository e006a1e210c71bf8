import { OperatorSignInPage } from "../../../../views/console/sign-in-page.tsx"
import { isAdminKey } from "../../core/credentials.ts"
import { readForm } from "../../core/form.ts"
import { lookupPath } from "../../core/local-path.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import type { Asked } from "../row.ts"
import { forAnybody, frameOf, type Desk } from "./operator.ts"

export const signInPages = (desk: Desk): PageRoute[] => [
  forAnybody(desk, "GET /console/signin", (_, { query }) => show(desk, query["next"])),
  forAnybody(desk, "POST /console/signin", begin, "operator sign-ins"),
  forAnybody(desk, "POST /console/signout", end),
]

const show = (desk: Desk, next: string | undefined, name = "", error?: string) =>
  page(OperatorSignInPage({ frame: frameOf(desk), next: lookupPath(next) ?? "/console/sales", name, error }), {
    status: error === undefined ? 200 : 403,
  })

const begin = async (desk: Desk, { request, spend }: Asked) => {
  const { name = "", key = "", next } = await readForm(request)
  await spend()
  const operator = name.trim().replace(/\s+/g, " ").slice(0, 80)
  if (operator === "") return show(desk, next, "", "Write your name: the log says who did what.")
  if (!isAdminKey(desk.parts.config, key))
    return show(desk, next, operator, "This is not the admin key of this server.")
  const session = await desk.parts.operatorSessions.begin(operator)
  return seeOther(lookupPath(next) ?? "/console/sales", { "set-cookie": desk.cookie.begin(session) })
}

/** In this browser, and wherever else the cookie was copied to. */
const end = async ({ parts, cookie }: Desk, { request }: PageAsked) => {
  await readForm(request)
  await parts.operatorSessions.end(cookie.lookup(request))
  return seeOther("/console/signin", { "set-cookie": cookie.end() })
}
