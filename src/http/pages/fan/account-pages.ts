import { Elysia } from "elysia"
import { AccountPage } from "../../../../views/fan/account-page.tsx"
import { isFault } from "../../../fault.ts"
import { readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import { refusalHeaders } from "../../core/problem.ts"
import { lookupPath, type Fan } from "./visitor.ts"
import { sentenceOf } from "./words.ts"

type Kind = "signin" | "register"
const hide = { detail: { hide: true } }

export const accountPages = (fan: Fan) => {
  const { accounts, tokens } = fan.parts

  const show = async (request: Request, kind: Kind, next: string | undefined) =>
    page(AccountPage({ frame: fan.frame(request), kind, next: lookupPath(next) ?? "/events" }))

  const begin = async (request: Request, kind: Kind) => {
    const { email = "", password = "", next: asked } = await readForm(request)
    const next = lookupPath(asked) ?? "/events"
    try {
      await fan.caller.spend("sign-ins", request)
      const account = await (kind === "signin" ? accounts.login : accounts.register)(email, password)
      return seeOther(next, { "set-cookie": fan.caller.sessions.begin(await tokens.signAccount(account)) })
    } catch (error) {
      if (!isFault(error)) throw error
      return page(
        AccountPage({ frame: fan.frame(request), kind, next, email: email.slice(0, 254), error: sentenceOf(error) }),
        {
          status: error.status,
          more: refusalHeaders(error),
        },
      )
    }
  }

  const routes = new Elysia({ name: "account-pages" }).post(
    "/signout",
    ({ request }) =>
      fan.orNotice(request, async () => {
        await readForm(request)
        return seeOther("/events", { "set-cookie": fan.caller.sessions.end() })
      }),
    hide,
  )
  for (const kind of ["signin", "register"] as const)
    routes
      .get(`/${kind}`, ({ request, query }) => fan.orNotice(request, () => show(request, kind, query["next"])), hide)
      .post(`/${kind}`, ({ request }) => fan.orNotice(request, () => begin(request, kind)), hide)
  return routes
}
