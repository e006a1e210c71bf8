import { LogPage } from "../../../../views/console/log-page.tsx"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { forOperator, frameOf, type Desk } from "./operator.ts"

export const logPages = (desk: Desk): PageRoute[] => [forOperator(desk, "GET /console/log", show)]

const show = async (desk: Desk, _: PageAsked, operator: string) => {
  const lines = await desk.parts.boxOffice.operatorLog.list({ limit: 500 })
  return page(LogPage({ frame: frameOf(desk, operator), look: desk.look, lines }))
}
