import { Elysia } from "elysia"
import type { Parts } from "../../core/parts.ts"
import { accountPages } from "./account-pages.ts"
import { eventPages } from "./event-pages.ts"
import { shopPages } from "./shop-pages.ts"
import { ticketPages } from "./ticket-pages.ts"
import { openFan, type FanParts } from "./visitor.ts"
import { waitingPages } from "./waiting-pages.ts"

/** The pages for fans: from the search to the code at the gate, with JavaScript or without. */
export const fanRoutes = (parts: Parts, given: FanParts) => {
  const fan = openFan(parts, given)
  return new Elysia({ name: "fan" })
    .use(eventPages(fan))
    .use(accountPages(fan))
    .use(waitingPages(fan))
    .use(shopPages(fan))
    .use(ticketPages(fan))
}
