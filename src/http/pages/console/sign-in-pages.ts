import { OperatorSignInPage } from "../../../../views/console/sign-in-page.tsx"
import { isAdminKey } from "../../core/credentials.ts"
import { readForm } from "../../core/form.ts"
import { lookupPath } from "../../core/local-path.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import type { Asked } from "../row.ts"
import { forAnybody, frameOf, type ConsoleParts } from "./parts.ts"

export const signInPages = (parts: ConsoleParts): PageRoute[] => [
  forAnybody(parts, "GET /console/signin", (_, { query }) => show(parts, query["next"])),
  forAnybody(parts, "POST /console/signin", begin, "operator sign-ins"),
  forAnybody(parts, "POST /console/signout", end),
]

const show = (parts: ConsoleParts, next: string | undefined, name = "", error?: string) =>
  page(OperatorSignInPage({ frame: frameOf(parts), next: lookupPath(next) ?? "/console/sales", name, error }), {
    status: error === undefined ? 200 : 403,
  })

const begin = async (parts: ConsoleParts, { request, spend }: Asked) => {
  const { name = "", key = "", next } = await readForm(request)
  await spend()
  const operator = name.trim().replace(/\s+/g, " ").slice(0, 80)
  if (operator === "") return show(parts, next, "", "Write your name: the log says who did what.")
  if (!isAdminKey(parts.config, key)) return show(parts, next, operator, "This is not the admin key of this server.")
  const session = await parts.operatorSessions.begin(operator)
  return seeOther(lookupPath(next) ?? "/console/sales", { "set-cookie": parts.cookie.begin(session) })
}

const end = async ({ operatorSessions, cookie }: ConsoleParts, { request }: PageAsked) => {
  await readForm(request)
  await operatorSessions.end(cookie.lookup(request))
  return seeOther("/console/signin", { "set-cookie": cookie.end() })
}
