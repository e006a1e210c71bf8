import type { PageRoute } from "../../core/route.ts"
import type { Parts } from "../../core/parts.ts"
import { accountPages } from "./account-pages.ts"
import { checkoutPages } from "./checkout-pages.ts"
import { eventPages } from "./event-pages.ts"
import { seatPages } from "./seat-pages.ts"
import { ticketPages } from "./ticket-pages.ts"
import { openFan, type Given } from "./parts.ts"
import { waitingPages } from "./waiting-pages.ts"

export const fanRoutes = (parts: Parts, given: Given): PageRoute[] => {
  const own = openFan(parts, given)
  return [
    ...eventPages(own),
    ...accountPages(own),
    ...waitingPages(own),
    ...seatPages(own),
    ...checkoutPages(own),
    ...ticketPages(own),
  ]
}
