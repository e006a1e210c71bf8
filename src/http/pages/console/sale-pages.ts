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
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"
import { headOf, liveOf } from "./sale-views.ts"

export const salePages = (parts: ConsoleParts): PageRoute[] => [
  forOperator(parts, "GET /console/sales/:id", (_, asked, operator) => showSale(parts, operator, saleIdIn(asked))),
  forOperator(parts, "GET /console/sales/:id/live", update),
  forOperator(parts, "POST /console/sales/:id/clear-alarm", clearAlarm),
]

export const showSale = async (parts: ConsoleParts, operator: string, saleId: SaleId, fault?: Fault) => {
  const [head, live, log] = await Promise.all([
    headOf(parts, saleId),
    liveOf(parts, saleId),
    parts.boxOffice.operatorLog.list({ saleId, limit: 20 }),
  ])
  return page(SalePage({ frame: frameOf(parts, operator), look: parts.look, head, live, log, error: fault?.message }), {
    status: fault?.status ?? 200,
  })
}

/** What a page that is open shows anew; how the sale stands only when it is not as the page has `seen` it. */
const update = async (parts: ConsoleParts, asked: PageAsked) => {
  const live = await liveOf(parts, saleIdIn(asked))
  const { look } = parts
  const figures = SaleFigures({ live, look })
  return markOf(live) === asked.query["seen"]
    ? fragment(figures)
    : fragment(figures, SaleControls({ live, look, swapped: true }))
}

const clearAlarm = async ({ operations }: ConsoleParts, asked: PageAsked, operator: string) => {
  const saleId = saleIdIn(asked)
  await readForm(asked.request)
  await operations.clearAlarm(operator, saleId)
  return seeOther(`/console/sales/${saleId}`)
}
