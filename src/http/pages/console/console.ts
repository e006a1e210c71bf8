import { Elysia } from "elysia"
import { OperatorSignInPage } from "../../../../views/console/sign-in-page.tsx"
import { isAdminKey } from "../../core/credentials.ts"
import { lookupPath } from "../../core/local-path.ts"
import { readForm } from "../../core/form.ts"
import type { Caller } from "../../core/caller.ts"
import type { Operations } from "../../api/operations.ts"
import { page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import { openDesk } from "./operator.ts"
import { queuePages } from "./queue-pages.ts"
import { salePages } from "./sale-pages.ts"

const hide = { detail: { hide: true } }

/** The organiser's console, behind the admin key and a session of eight hours. */
export const consoleRoutes = (parts: Parts, caller: Caller, operations: Operations) => {
  const desk = openDesk(parts, caller, operations)
  const { config } = parts

  const show = (next: string | undefined, name = "", error?: string) =>
    page(OperatorSignInPage({ frame: desk.frame(), next: lookupPath(next) ?? "/console/sales", name, error }), {
      status: error === undefined ? 200 : 403,
    })

  const begin = async (request: Request) => {
    const { name = "", key = "", next } = await readForm(request)
    await caller.spend("operator sign-ins", request)
    const operator = name.trim().replace(/\s+/g, " ").slice(0, 80)
    if (operator === "") return show(next, "", "Write your name: the log says who did what.")
    if (!isAdminKey(config, key)) return show(next, operator, "This is not the admin key of this server.")
    return seeOther(lookupPath(next) ?? "/console/sales", { "set-cookie": await desk.begin(operator) })
  }

  return new Elysia({ name: "console" })
    .get("/console", () => seeOther("/console/sales"), hide)
    .get("/console/signin", ({ query }) => show(query["next"]), hide)
    .post("/console/signin", ({ request }) => desk.orNotice(() => begin(request)), hide)
    .post(
      "/console/signout",
      ({ request }) =>
        desk.orNotice(async () => {
          await readForm(request)
          return seeOther("/console/signin", { "set-cookie": await desk.end(request) })
        }),
      hide,
    )
    .use(salePages(desk))
    .use(queuePages(desk))
}
