import type { Admission } from "../../admission.ts"
import type { Purchase } from "../../box-office/orders.ts"
import type { ExtendRequest } from "../../box-office/holds.ts"
import type { HoldRequest } from "../../box-office/hold-seats.ts"
import type { HoldId } from "../../ids.ts"
import type { EpochMs } from "../../units.ts"
import type { Parts } from "../core/parts.ts"

export type Shop = ReturnType<typeof openShop>
type Used = Pick<Parts, "boxOffice" | "waitingRoom" | "metrics" | "log" | "clock">

/** What a shopper does, for programs and pages alike. Their routes say how often. */
export const openShop = (parts: Used) => {
  const holds = parts.metrics.counter("traffic_holds_total", "Holds taken")
  const extensions = parts.metrics.counter("traffic_holds_extended_total", "Holds extended")
  const orders = parts.metrics.counter("traffic_orders_total", "Orders paid")
  return {
    hold: (shopper: Admission, request: HoldRequest) =>
      counted(holds, parts, shopper, (inside) => parts.boxOffice.holds.hold(inside, request)),
    extend: (shopper: Admission, request: ExtendRequest) =>
      counted(extensions, parts, shopper, (inside) => parts.boxOffice.holds.extend(inside, request)),
    release: (shopper: Admission, holdId: HoldId) => parts.boxOffice.holds.release(shopper, holdId),
    checkout: async (shopper: Admission, purchase: Purchase) => {
      const order = await counted(orders, parts, shopper, (inside) => parts.boxOffice.orders.checkout(inside, purchase))
      await giveBack(parts, shopper)
      return order
    },
    leave: async (shopper: Admission) => {
      await parts.boxOffice.admissions.leave(shopper)
      await giveBack(parts, shopper)
    },
  }
}

const counted = async <T>(
  counter: { inc(): void },
  parts: Used,
  shopper: Admission,
  work: (inside: Admission) => Promise<T>,
): Promise<T> => {
  await readmit(parts, shopper)
  const done = await work(await withItsEnd(parts, shopper))
  counter.inc()
  return done
}

/** An outage moves the end of an admission, and the token of its shopper does not know it. */
const withItsEnd = async ({ clock, waitingRoom }: Used, shopper: Admission): Promise<Admission> => {
  if (clock() < shopper.endsAt) return shopper
  const turn = await waitingRoom.turn(shopper.saleId, shopper.accountId)
  const isMoved = turn.state === "admitted" && turn.admissionId === shopper.admissionId && turn.endsAt > shopper.endsAt
  return isMoved ? { ...shopper, endsAt: turn.endsAt } : shopper
}

/** A shopper whom a lost Redis made the room forget is counted again: until now, or until the admission was finished. */
const readmit = async (parts: Used, shopper: Admission) => {
  if (!(await parts.waitingRoom.readmit(shopper))) return
  try {
    const finishedAt = await parts.boxOffice.admissions.lookupFinish(shopper)
    if (finishedAt !== undefined) await giveBack(parts, shopper, finishedAt)
  } catch (error) {
    // Nobody can say whether the place is taken; whoever is inside asks again.
    await giveBack(parts, shopper)
    throw error
  }
}

// The order is safe in Postgres; should Redis be away at this moment, the place comes free when the admission ends.
const giveBack = ({ waitingRoom, log }: Used, { saleId, accountId, admissionId }: Admission, at?: EpochMs) =>
  waitingRoom
    .finish(saleId, accountId, admissionId, at)
    .catch((error) => log.warn({ error, sale_id: saleId }, "a shopper's place is given back later"))
