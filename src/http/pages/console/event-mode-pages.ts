import { ConfirmPage } from "../../../../views/console/confirm-page.tsx"
import { readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"

export const eventModePages = (parts: ConsoleParts): PageRoute[] => [
  forOperator(parts, "GET /console/event-mode", ask),
  forOperator(parts, "POST /console/event-mode", set),
]

const ask = (parts: ConsoleParts, _: PageAsked, operator: string) => {
  const isOn = parts.boxOffice.flags.isOn("event_mode")
  return page(
    ConfirmPage({
      frame: frameOf(parts, operator),
      back: "/console/sales",
      heading: isOn ? "Switch event mode off?" : "Switch event mode on?",
      lines: isOn ? whenOff : whenOn,
      action: "/console/event-mode",
      fields: { on: isOn ? "no" : "yes" },
      label: isOn ? "Switch it off" : "Switch it on",
    }),
  )
}

const whenOff = ["Search, live seat maps, streams and the load lab work again."]
const whenOn = [
  "The search for words, the live seat map, event streams and the load lab are switched off, so that nothing takes time from the sale.",
  "Joining, waiting, holding, paying and tickets work as before; waiting pages ask for the board instead of a stream.",
  "It holds for all sales and all nodes, within two seconds.",
]

const set = async ({ operations }: ConsoleParts, { request }: PageAsked, operator: string) => {
  const { on } = await readForm(request)
  await operations.setEventMode(operator, on === "yes")
  return seeOther("/console/sales")
}
