import { ConfirmPage } from "../../../../views/console/confirm-page.tsx"
import type { SaleLive } from "../../../../views/console/sale-live.ts"
import { whole } from "../../../../views/shared/words.ts"
import { readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { saleIdIn } from "../row.ts"
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"
import { headOf, liveOf } from "./sale-views.ts"

export const deedPages = (parts: ConsoleParts): PageRoute[] =>
  (["pause", "resume", "stop"] as const).flatMap((deed) => [
    forOperator(parts, `GET /console/sales/:id/${deed}`, (_, asked, operator) => ask(parts, asked, operator, deed)),
    forOperator(parts, `POST /console/sales/:id/${deed}`, (_, asked, operator) => act(parts, asked, operator, deed)),
  ])

type Deed = "pause" | "resume" | "stop"

const ask = async (parts: ConsoleParts, asked: PageAsked, operator: string, deed: Deed, error?: string) => {
  const saleId = saleIdIn(asked)
  const [live, { eventName }] = await Promise.all([liveOf(parts, saleId), headOf(parts, saleId)])
  const { heading, lines, label } = deeds[deed]
  return page(
    ConfirmPage({
      frame: frameOf(parts, operator),
      back: `/console/sales/${saleId}`,
      about: eventName,
      heading,
      lines: lines(live),
      action: `/console/sales/${saleId}/${deed}`,
      fields: {},
      label,
      typed: deed === "stop" ? "STOP" : undefined,
      danger: deed === "stop",
      error,
    }),
    { status: error === undefined ? 200 : 400 },
  )
}

const act = async (parts: ConsoleParts, asked: PageAsked, operator: string, deed: Deed) => {
  const saleId = saleIdIn(asked)
  const { typed } = await readForm(asked.request)
  if (deed === "stop" && typed?.trim() !== "STOP")
    return ask(parts, asked, operator, deed, "Type STOP, in capitals, to stop the sale.")
  await parts.operations[deed](operator, saleId)
  return seeOther(`/console/sales/${saleId}`)
}

const deeds: Record<Deed, { heading: string; lines: (live: SaleLive) => string[]; label: string }> = {
  pause: {
    heading: "Pause the sale?",
    lines: ({ waiting, shoppers }) => [
      `Waiting: ${whole(waiting)}. They read within seconds that the sale is paused.`,
      `Shopping: ${whole(shoppers)}. They go on; nobody else is called.`,
      "Every place, admission and hold stays.",
    ],
    label: "Pause it now",
  },
  resume: {
    heading: "Resume the sale?",
    lines: ({ waiting, admitPerMinute }) => [
      `Waiting: ${whole(waiting)}. Up to ${whole(admitPerMinute)} of them are called a minute from now on.`,
    ],
    label: "Resume it now",
  },
  stop: {
    heading: "Stop the sale for good?",
    lines: ({ waiting, shoppers, available }) => [
      `Waiting: ${whole(waiting)}. They are told that the sale is over; their places are worth nothing any more.`,
      `Shopping: ${whole(shoppers)}. What they hold can still be paid, nothing new can be held.`,
      `Seats that stay unsold: ${whole(available)}. A stopped sale cannot be opened again; a new one can be made.`,
      "To gain time, pause it instead.",
    ],
    label: "Stop the sale for good",
  },
}
