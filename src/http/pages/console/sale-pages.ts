import { SaleControls } from "../../../../views/console/sale-controls.tsx"
import { SaleFigures } from "../../../../views/console/sale-figures.tsx"
import { markOf } from "../../../../views/console/sale-live.ts"
import { SalePage } from "../../../../views/console/sale-page.tsx"
import type { Fault } from "../../../fault.ts"
import type { SaleId } from "../../../ids.ts"
import { readForm } from "../../core/form.ts"
import { fragment, page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { saleIdIn } from "../row.ts"
import { forOperator, frameOf, type Desk } from "./operator.ts"
import { headOf, liveOf } from "./sale-views.ts"

/** One sale as an organiser sees it. */
export const salePages = (desk: Desk): PageRoute[] => [
  forOperator(desk, "GET /console/sales/:id", (_, asked, operator) => showSale(desk, operator, saleIdIn(asked))),
  forOperator(desk, "GET /console/sales/:id/live", update),
  forOperator(desk, "POST /console/sales/:id/clear-alarm", clearAlarm),
]

export const showSale = async (desk: Desk, operator: string, saleId: SaleId, fault?: Fault) => {
  const [head, live, log] = await Promise.all([
    headOf(desk.parts, saleId),
    liveOf(desk.parts, saleId),
    desk.parts.boxOffice.operatorLog.list({ saleId, limit: 20 }),
  ])
  return page(SalePage({ frame: frameOf(desk, operator), look: desk.look, head, live, log, error: fault?.message }), {
    status: fault?.status ?? 200,
  })
}

/** What a page that is open shows anew; how the sale stands only when it is not as the page has `seen` it. */
const update = async ({ parts, look }: Desk, asked: PageAsked) => {
  const live = await liveOf(parts, saleIdIn(asked))
  const figures = SaleFigures({ live, look })
  return markOf(live) === asked.query["seen"]
    ? fragment(figures)
    : fragment(figures, SaleControls({ live, look, swapped: true }))
}

const clearAlarm = async ({ operations }: Desk, asked: PageAsked, operator: string) => {
  const saleId = saleIdIn(asked)
  await readForm(asked.request)
  await operations.clearAlarm(operator, saleId)
  return seeOther(`/console/sales/${saleId}`)
}
