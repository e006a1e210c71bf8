import { NoticePage } from "../../../../views/shared/notice-page.tsx"
import { version } from "../../../version.ts"
import { addresses } from "../../core/assets.ts"
import { lookupLab } from "../../core/lab.ts"
import { page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import type { PageRoute } from "../../core/route.ts"
import { rowOf } from "../row.ts"
import { actionPages } from "./action-pages.ts"
import { comparePages } from "./compare-pages.ts"
import { frontPages } from "./front-pages.ts"
import { historyPages } from "./history-pages.ts"
import { openLabParts } from "./parts.ts"
import { resetPages } from "./reset-pages.ts"
import { runPages } from "./run-pages.ts"

/** The pages of the load lab, at /lab; `/` leads there. Where there is none, `/` says what this server is. */
export const labRoutes = (parts: Parts): PageRoute[] => {
  const lab = lookupLab(parts)
  if (lab === undefined) return [rowOf("GET /", "anybody", "none", frontDoor)]
  const own = openLabParts(parts, lab)
  return [
    rowOf("GET /", "anybody", "none", ({ request }) => seeOther(`/lab${new URL(request.url).search}`)),
    ...frontPages(own),
    ...runPages(own),
    ...actionPages(own),
    ...historyPages(own),
    ...comparePages(own),
    ...resetPages(own),
  ]
}

const frontDoor = () =>
  page(
    NoticePage({
      assets: addresses,
      heading: "Traffic",
      text: `This server sells seats, fairly: one queue, one position for each, and no way past it. Version ${version}.`,
      link: { href: "/events", label: "Events" },
    }),
  )
