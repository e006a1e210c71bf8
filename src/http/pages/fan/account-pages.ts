import { AccountPage } from "../../../../views/fan/account-page.tsx"
import { isFault } from "../../../fault.ts"
import { readForm } from "../../core/form.ts"
import { lookupPath } from "../../core/local-path.ts"
import { page, seeOther } from "../../core/page.ts"
import { refusalHeaders } from "../../core/problem.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import type { Asked } from "../row.ts"
import { forAnybody, frameOf, type Fan } from "./visitor.ts"
import { sentenceOf } from "./words.ts"

export const accountPages = (fan: Fan): PageRoute[] => [
  forAnybody(fan, "GET /signin", (_, asked) => show(fan, asked, "signin")),
  forAnybody(fan, "POST /signin", (_, asked) => begin(fan, asked, "signin"), "sign-ins"),
  forAnybody(fan, "GET /register", (_, asked) => show(fan, asked, "register")),
  forAnybody(fan, "POST /register", (_, asked) => begin(fan, asked, "register"), "sign-ins"),
  forAnybody(fan, "POST /signout", end),
]

type Kind = "signin" | "register"

const show = (fan: Fan, { request, query }: PageAsked, kind: Kind) =>
  page(AccountPage({ frame: frameOf(fan, request), kind, next: lookupPath(query["next"]) ?? "/events" }))

const begin = async (fan: Fan, { request, spend }: Asked, kind: Kind) => {
  const { accounts, tokens } = fan.parts
  const { email = "", password = "", next: asked } = await readForm(request)
  const next = lookupPath(asked) ?? "/events"
  try {
    await spend()
    const account = await (kind === "signin" ? accounts.login : accounts.register)(email, password)
    return seeOther(next, { "set-cookie": fan.caller.sessions.begin(await tokens.signAccount(account)) })
  } catch (error) {
    if (!isFault(error)) throw error
    const said = { email: email.slice(0, 254), error: sentenceOf(error) }
    return page(AccountPage({ frame: frameOf(fan, request), kind, next, ...said }), {
      status: error.status,
      more: refusalHeaders(error),
    })
  }
}

const end = async (fan: Fan, { request }: PageAsked) => {
  await readForm(request)
  return seeOther("/events", { "set-cookie": fan.caller.sessions.end() })
}
