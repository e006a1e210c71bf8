import { ConfirmPage } from "../../../../views/lab/confirm-page.tsx"
import { defaultSettings } from "../../../lab/model/settings.ts"
import { addresses } from "../../core/assets.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { allowedForm, labPage, type LabParts } from "./parts.ts"

export const resetPages = (parts: LabParts): PageRoute[] => [
  labPage(parts, "GET /lab/reset", ask),
  labPage(parts, "POST /lab/reset", reset),
]

const ask = ({ keyNeeded }: LabParts) =>
  page(
    ConfirmPage({
      assets: addresses,
      heading: "Open a fresh demo sale?",
      text: "Earlier sales go on as they are.",
      action: "/lab/reset",
      label: "Reset sale",
      danger: false,
      back: "/lab",
      keyNeeded,
    }),
  )

const reset = async (parts: LabParts, { request }: PageAsked) => {
  await allowedForm(parts, request)
  await parts.demo.prepare({
    admitPerMinute,
    waitingRoomCap: defaultSettings.waiting_room_cap,
    totalSeats: defaultSettings.total_seats,
  })
  parts.side.forgetSale()
  return seeOther("/lab?said=reset")
}

const admitPerMinute = 600
