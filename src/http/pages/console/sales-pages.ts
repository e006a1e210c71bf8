import { NewSalePage, type SaleForm } from "../../../../views/console/new-sale-page.tsx"
import { SalesPage } from "../../../../views/console/sales-page.tsx"
import { isFault, type Fault } from "../../../fault.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { forOperator, frameOf, type Desk } from "./operator.ts"
import { emptyForm, parseSaleForm, readSaleForm } from "./sale-form.ts"
import { wrongIn } from "./sale-words.ts"

/** All sales, and a new one. */
export const salesPages = (desk: Desk): PageRoute[] => [
  forOperator(desk, "GET /console/sales", list),
  forOperator(desk, "GET /console/sales/new", (_, _asked, operator) => showNew(desk, operator, emptyForm())),
  forOperator(desk, "POST /console/sales/new", create),
]

const list = async (desk: Desk, _: PageAsked, operator: string) => {
  const { boxOffice, clock } = desk.parts
  const sales = await boxOffice.ledger.sales()
  return page(
    SalesPage({
      frame: frameOf(desk, operator),
      look: desk.look,
      eventMode: boxOffice.flags.isOn("event_mode"),
      now: clock(),
      sales: sales.map((sale) => listed(desk, sale)),
    }),
  )
}

type ListedSale = Awaited<ReturnType<Desk["parts"]["boxOffice"]["ledger"]["sales"]>>[number]

const listed = ({ parts }: Desk, { saleId, eventName, venue, opensAt, sold, total }: ListedSale) => {
  const seen = parts.waitingRoom.snapshot(saleId)
  return {
    saleId,
    eventName,
    venue,
    opensAt,
    phase: seen?.phase ?? ("closed" as const),
    waiting: seen?.waiting ?? 0,
    shoppers: seen?.shoppers ?? 0,
    sold,
    total,
  }
}

const showNew = (desk: Desk, operator: string, form: SaleForm, fault?: Fault) =>
  page(
    NewSalePage({
      frame: frameOf(desk, operator),
      timeZone: desk.look.timeZone,
      form,
      ...(fault && wrongIn(fault)),
    }),
    { status: fault?.status ?? 200 },
  )

const create = async (desk: Desk, { request }: PageAsked, operator: string) => {
  const form = await readSaleForm(request)
  try {
    const { event, sale } = parseSaleForm(form, desk.look.timeZone)
    const made = await desk.operations.createEventWithSale(operator, event, sale)
    return seeOther(`/console/sales/${made.saleId}`)
  } catch (error) {
    if (!isFault(error)) throw error
    return showNew(desk, operator, form, error)
  }
}
