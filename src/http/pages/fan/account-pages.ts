import { AccountPage } from "../../../../views/fan/account-page.tsx"
import { isFault } from "../../../fault.ts"
import { readForm } from "../../core/form.ts"
import { lookupPath } from "../../core/local-path.ts"
import { page, seeOther } from "../../core/page.ts"
import { refusalHeaders } from "../../core/problem.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import type { Asked } from "../row.ts"
import { forAnybody, frameOf, type FanParts } from "./parts.ts"
import { sentenceOf } from "./words.ts"

export const accountPages = (parts: FanParts): PageRoute[] => [
  forAnybody(parts, "GET /signin", (_, asked) => show(parts, asked, "signin")),
  forAnybody(parts, "POST /signin", (_, asked) => begin(parts, asked, "signin"), "sign-ins"),
  forAnybody(parts, "GET /register", (_, asked) => show(parts, asked, "register")),
  forAnybody(parts, "POST /register", (_, asked) => begin(parts, asked, "register"), "sign-ins"),
  forAnybody(parts, "POST /signout", end),
]

type Kind = "signin" | "register"

const show = (parts: FanParts, { request, query }: PageAsked, kind: Kind) =>
  page(AccountPage({ frame: frameOf(parts, request), kind, next: lookupPath(query["next"]) ?? "/events" }))

const begin = async (parts: FanParts, { request, spend }: Asked, kind: Kind) => {
  const { accounts, tokens } = parts
  const { email = "", password = "", next: asked } = await readForm(request)
  const next = lookupPath(asked) ?? "/events"
  try {
    await spend()
    const account = await (kind === "signin" ? accounts.login : accounts.register)(email, password)
    return seeOther(next, { "set-cookie": parts.caller.sessions.begin(await tokens.signAccount(account)) })
  } catch (error) {
    if (!isFault(error)) throw error
    const said = { email: email.slice(0, 254), error: sentenceOf(error) }
    return page(AccountPage({ frame: frameOf(parts, request), kind, next, ...said }), {
      status: error.status,
      more: refusalHeaders(error),
    })
  }
}

const end = async (parts: FanParts, { request }: PageAsked) => {
  await readForm(request)
  return seeOther("/events", { "set-cookie": parts.caller.sessions.end() })
}
