import { ConfirmPage } from "../../../../views/console/confirm-page.tsx"
import { Fault, isFault } from "../../../fault.ts"
import type { LiveChange } from "../../api/operations.ts"
import { readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { saleIdIn } from "../row.ts"
import { consequences } from "./consequences.ts"
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"
import { showSale } from "./sale-pages.ts"
import { headOf, liveOf } from "./sale-views.ts"

export const changePages = (parts: ConsoleParts): PageRoute[] => [
  forOperator(parts, "POST /console/sales/:id/change", change),
]

/** Looked over first, done when it is sent again with `sure`. */
const change = async (parts: ConsoleParts, asked: PageAsked, operator: string) => {
  const saleId = saleIdIn(asked)
  const back = `/console/sales/${saleId}`
  const fields = await readForm(asked.request)
  try {
    const patch = parseChange(fields)
    if (fields["sure"] === "yes") {
      await parts.operations.change(operator, saleId, patch)
      return seeOther(back)
    }
    const lines = consequences(await liveOf(parts, saleId), patch)
    if (lines.length === 0) return seeOther(back)
    return page(
      ConfirmPage({
        frame: frameOf(parts, operator),
        back,
        about: (await headOf(parts, saleId)).eventName,
        heading: "Change the running sale?",
        lines,
        action: `${back}/change`,
        fields: { ...fields, sure: "yes" },
        label: "Change it now",
      }),
    )
  } catch (error) {
    if (!isFault(error, "invalid_input")) throw error
    return showSale(parts, operator, saleId, error)
  }
}

const parseChange = (fields: Record<string, string>): Required<LiveChange> => {
  const number = (name: string, words: string) => {
    const text = (fields[name] ?? "").trim()
    if (!/^[1-9]\d{0,7}$/.test(text))
      throw new Fault("invalid_input", `${words} must be a whole number from 1`, { facts: { field: name } })
    return Number(text)
  }
  return {
    admitPerMinute: number("admit_per_minute", "Let in a minute"),
    shopperCapacity: number("shopper_capacity", "Shoppers at one time"),
    waitingRoomCap: number("waiting_room_cap", "Places in the waiting room"),
    message: (fields["message"] ?? "").replace(/\s+/g, " ").trim(),
  }
}
