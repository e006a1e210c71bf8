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
import { forAnybody, openDesk } from "./operator.ts"
import { salePages } from "./sale-pages.ts"
import { salesPages } from "./sales-pages.ts"
import { signInPages } from "./sign-in-pages.ts"

/** The organiser's console, behind the admin key and a session of eight hours. */
export const consoleRoutes = (parts: Parts, caller: Caller, operations: Operations): PageRoute[] => {
  const desk = openDesk(parts, caller, operations)
  return [
    forAnybody(desk, "GET /console", () => seeOther("/console/sales")),
    ...signInPages(desk),
    ...salesPages(desk),
    ...salePages(desk),
    ...changePages(desk),
    ...deedPages(desk),
    ...accountPages(desk),
    ...exportPages(desk),
    ...eventModePages(desk),
    ...logPages(desk),
  ]
}
