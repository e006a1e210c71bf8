import { CheckoutPage } from "../../../../views/fan/checkout-page.tsx"
import type { Admission } from "../../../admission.ts"
import { isFault, type Fault } from "../../../fault.ts"
import { parseId, type HoldId } from "../../../ids.ts"
import { readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import type { Asked } from "../row.ts"
import { freshKey, shopSaleOf } from "./shop-sale.ts"
import { forShopper, frameOf, type FanParts } from "./parts.ts"
import { sentenceOf } from "./words.ts"

export const checkoutPages = (parts: FanParts): PageRoute[] => [
  forShopper(parts, "GET /sales/:id/checkout/:hold", (_, asked, shopper) => show(parts, asked, shopper)),
  forShopper(parts, "POST /sales/:id/checkout/:hold", pay, "checkouts"),
  forShopper(parts, "POST /sales/:id/extend/:hold", extend, "holds"),
  forShopper(parts, "POST /sales/:id/release/:hold", release),
]

const show = async (
  parts: FanParts,
  asked: PageAsked,
  shopper: Admission,
  said: { name?: string; fault?: Fault } = {},
) => {
  const { boxOffice, clock } = parts
  const { saleId, accountId } = shopper
  const hold = await boxOffice.holds.find(holdIdIn(asked), accountId)
  if (hold.state === "paid" && hold.orderId !== undefined) return seeOther(`/orders/${hold.orderId}`)
  if (hold.state === "ended" || hold.saleId !== saleId) return seeOther(`/sales/${saleId}/seats?ended=yes`)
  return page(
    CheckoutPage({
      frame: frameOf(parts, asked.request),
      look: parts.look,
      sale: await shopSaleOf(parts, saleId),
      hold,
      leftMs: hold.expiresAt - clock(),
      formKey: freshKey(parts),
      holderName: said.name ?? "",
      error: said.fault && sentenceOf(said.fault),
    }),
    { status: said.fault?.status ?? 200 },
  )
}

const pay = async (parts: FanParts, asked: Asked, shopper: Admission) => {
  const { key = "", holder_name: name = "", card = "" } = await readForm(asked.request)
  const holdId = holdIdIn(asked)
  try {
    await asked.spend()
    const order = await parts.shop.checkout(shopper, {
      holdId,
      idempotencyKey: key,
      holderName: name,
      payment: { card: card.replaceAll(" ", "") },
    })
    return seeOther(`/orders/${order.orderId}`)
  } catch (error) {
    if (!isFault(error) || !staysOnCheckout.has(error.code)) throw error
    return show(parts, asked, shopper, { name: name.slice(0, 120), fault: error })
  }
}

const extend = async (parts: FanParts, asked: Asked, shopper: Admission) => {
  const { key = "" } = await readForm(asked.request)
  const holdId = holdIdIn(asked)
  try {
    await asked.spend()
    await parts.shop.extend(shopper, { holdId, idempotencyKey: key })
    return seeOther(`/sales/${shopper.saleId}/checkout/${holdId}`)
  } catch (error) {
    if (!isFault(error) || !staysOnCheckout.has(error.code)) throw error
    return show(parts, asked, shopper, { fault: error })
  }
}

const staysOnCheckout = new Set([
  "hold_already_extended",
  "payment_declined",
  "invalid_input",
  "hold_expired",
  "rate_limited",
  "idempotency_mismatch",
  "idempotency_running",
  "cap_exceeded",
])

const release = async (parts: FanParts, asked: PageAsked, shopper: Admission) => {
  await readForm(asked.request)
  await parts.shop.release(shopper, holdIdIn(asked))
  return seeOther(`/sales/${shopper.saleId}/seats`)
}

const holdIdIn = ({ params }: PageAsked) => parseId<HoldId>(params["hold"] ?? "", "The hold's id")
