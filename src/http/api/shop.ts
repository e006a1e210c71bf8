import type { Purchase } from "../../box-office/orders.ts"
import type { Wish } from "../../box-office/holds.ts"
import type { Shopper } from "../../box-office/admissions.ts"
import type { HoldId } from "../../ids.ts"
import { minutes } from "../../units.ts"
import type { AnswerHeaders, Caller } from "../core/caller.ts"
import type { Parts } from "../core/parts.ts"

export type Shop = ReturnType<typeof openShop>

/** What a shopper does, with its limits and counts: the same for programs and for pages. `headers` are those of the answer. */
export const openShop = ({ boxOffice, waitingRoom, config, metrics, log }: Parts, caller: Caller) => {
  const holds = { name: "holds", limit: config.holdsPerAccountPerMin, window: minutes(1) }
  const checkouts = { name: "checkouts", limit: config.checkoutsPerAccountPerMin, window: minutes(1) }

  // The order is safe in Postgres; should Redis be away at this moment, the place comes free when the admission ends.
  const giveBack = ({ saleId, accountId, admissionId }: Shopper) =>
    waitingRoom
      .finish(saleId, accountId, admissionId)
      .catch((error) => log.warn({ error, sale_id: saleId }, "a shopper's place is given back later"))

  /** A shopper whom a lost Redis made the room forget is counted again, unless the admission was finished meanwhile. */
  const readmit = async (shopper: Shopper) => {
    if ((await waitingRoom.readmit(shopper)) && (await boxOffice.isFinished(shopper))) await giveBack(shopper)
  }

  return {
    /** @throws Fault as holds.take, and rate_limited. */
    hold: async (shopper: Shopper, wish: Wish, headers: AnswerHeaders) => {
      await caller.limitAccount(holds, shopper.accountId, headers)
      await readmit(shopper)
      const hold = await boxOffice.holds.take(shopper, wish)
      metrics.holds.inc()
      return hold
    },

    /** @throws Fault hold_not_found, hold_expired. */
    release: (shopper: Shopper, holdId: HoldId) => boxOffice.holds.release(shopper, holdId),

    /** @throws Fault as orders.checkout, and rate_limited. */
    checkout: async (shopper: Shopper, purchase: Purchase, headers: AnswerHeaders) => {
      await caller.limitAccount(checkouts, shopper.accountId, headers)
      await readmit(shopper)
      const order = await boxOffice.orders.checkout(shopper, purchase)
      metrics.orders.inc()
      await giveBack(shopper)
      return order
    },

    /** Gives the hold back, and the place to the next. */
    leave: async (shopper: Shopper) => {
      await boxOffice.orders.leave(shopper)
      await giveBack(shopper)
    },
  }
}
