import type { Admission } from "../../admission.ts"
import type { Purchase } from "../../box-office/orders.ts"
import type { HoldRequest } from "../../box-office/holds.ts"
import type { HoldId } from "../../ids.ts"
import type { Parts } from "../core/parts.ts"

export type Shop = ReturnType<typeof openShop>
type Used = Pick<Parts, "boxOffice" | "waitingRoom" | "metrics" | "log">

/** What a shopper does, the same for programs and for pages. How often, their routes say. */
export const openShop = (parts: Used) => ({
  hold: (shopper: Admission, request: HoldRequest) => hold(parts, shopper, request),
  release: (shopper: Admission, holdId: HoldId) => parts.boxOffice.holds.release(shopper, holdId),
  checkout: (shopper: Admission, purchase: Purchase) => checkout(parts, shopper, purchase),
  leave: (shopper: Admission) => leave(parts, shopper),
})

const hold = async (parts: Used, shopper: Admission, request: HoldRequest) => {
  await readmit(parts, shopper)
  const held = await parts.boxOffice.holds.hold(shopper, request)
  parts.metrics.holds.inc()
  return held
}

const checkout = async (parts: Used, shopper: Admission, purchase: Purchase) => {
  await readmit(parts, shopper)
  const order = await parts.boxOffice.orders.checkout(shopper, purchase)
  parts.metrics.orders.inc()
  await giveBack(parts, shopper)
  return order
}

/** Gives the hold back, and the place to the next. */
const leave = async (parts: Used, shopper: Admission) => {
  await parts.boxOffice.admissions.leave(shopper)
  await giveBack(parts, shopper)
}

/** A shopper whom a lost Redis made the room forget is counted again, unless the admission was finished meanwhile. */
const readmit = async (parts: Used, shopper: Admission) => {
  const isNew = await parts.waitingRoom.readmit(shopper)
  if (isNew && (await parts.boxOffice.admissions.isFinished(shopper))) await giveBack(parts, shopper)
}

// The order is safe in Postgres; should Redis be away at this moment, the place comes free when the admission ends.
const giveBack = ({ waitingRoom, log }: Used, { saleId, accountId, admissionId }: Admission) =>
  waitingRoom
    .finish(saleId, accountId, admissionId)
    .catch((error) => log.warn({ error, sale_id: saleId }, "a shopper's place is given back later"))
