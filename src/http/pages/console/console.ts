import type { Operations } from "../../api/operations.ts"
import type { Caller } from "../../core/caller.ts"
import { seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import type { PageRoute } from "../../core/route.ts"
import { accountPages } from "./account-pages.ts"
import { changePages } from "./change-pages.ts"
import { deedPages } from "./deed-pages.ts"
import { eventModePages } from "./event-mode-pages.ts"
import { exportPages } from "./export-pages.ts"
import { logPages } from "./log-pages.ts"
import { forAnybody, openConsole } from "./parts.ts"
import { salePages } from "./sale-pages.ts"
import { salesPages } from "./sales-pages.ts"
import { signInPages } from "./sign-in-pages.ts"

export const consoleRoutes = (parts: Parts, caller: Caller, operations: Operations): PageRoute[] => {
  const own = openConsole(parts, caller, operations)
  return [
    forAnybody(own, "GET /console", () => seeOther("/console/sales")),
    ...signInPages(own),
    ...salesPages(own),
    ...salePages(own),
    ...changePages(own),
    ...deedPages(own),
    ...accountPages(own),
    ...exportPages(own),
    ...eventModePages(own),
    ...logPages(own),
  ]
}
