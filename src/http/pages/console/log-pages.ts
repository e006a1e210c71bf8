import { LogPage } from "../../../../views/console/log-page.tsx"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"

export const logPages = (parts: ConsoleParts): PageRoute[] => [forOperator(parts, "GET /console/log", show)]

const show = async (parts: ConsoleParts, _: PageAsked, operator: string) => {
  const lines = await parts.boxOffice.operatorLog.list({ limit: 500 })
  return page(LogPage({ frame: frameOf(parts, operator), look: parts.look, lines }))
}
