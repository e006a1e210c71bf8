import { NewSalePage, type SaleForm } from "../../../../views/console/new-sale-page.tsx"
import { SalesPage } from "../../../../views/console/sales-page.tsx"
import { isFault, type Fault } from "../../../fault.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"
import { emptyForm, parseSaleForm, readSaleForm } from "./sale-form.ts"
import { wrongIn } from "./sale-words.ts"

export const salesPages = (parts: ConsoleParts): PageRoute[] => [
  forOperator(parts, "GET /console/sales", list),
  forOperator(parts, "GET /console/sales/new", (_, _asked, operator) => showNew(parts, operator, emptyForm())),
  forOperator(parts, "POST /console/sales/new", create),
]

const list = async (parts: ConsoleParts, _: PageAsked, operator: string) => {
  const { boxOffice, clock } = parts
  const sales = await boxOffice.ledger.sales()
  return page(
    SalesPage({
      frame: frameOf(parts, operator),
      look: parts.look,
      eventMode: boxOffice.flags.isOn("event_mode"),
      now: clock(),
      sales: sales.map((sale) => listed(parts, sale)),
    }),
  )
}

type ListedSale = Awaited<ReturnType<ConsoleParts["boxOffice"]["ledger"]["sales"]>>[number]

const listed = ({ waitingRoom }: ConsoleParts, { saleId, eventName, venue, opensAt, sold, total }: ListedSale) => {
  const seen = waitingRoom.snapshot(saleId)
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

const showNew = (parts: ConsoleParts, operator: string, form: SaleForm, fault?: Fault) =>
  page(
    NewSalePage({
      frame: frameOf(parts, operator),
      timeZone: parts.look.timeZone,
      form,
      ...(fault && wrongIn(fault)),
    }),
    { status: fault?.status ?? 200 },
  )

const create = async (parts: ConsoleParts, { request }: PageAsked, operator: string) => {
  const form = await readSaleForm(request)
  try {
    const { event, sale } = parseSaleForm(form, parts.look.timeZone)
    const made = await parts.operations.createEventWithSale(operator, event, sale)
    return seeOther(`/console/sales/${made.saleId}`)
  } catch (error) {
    if (!isFault(error)) throw error
    return showNew(parts, operator, form, error)
  }
}
