import type { Sale } from "../../box-office/sales.ts"
import { phaseOf, type Phase } from "../../waiting-room/phase.ts"
import type { Parts } from "./parts.ts"

/** As the waiting room sees it, or by the times of the sale while no room is kept for it. `seatsLeft`: free or held. */
export const phaseNow = (
  { waitingRoom, clock }: Pick<Parts, "waitingRoom" | "clock">,
  sale: Sale,
  seatsLeft: number,
): Phase => waitingRoom.snapshot(sale.saleId)?.phase ?? phaseOf(sale, { now: clock(), soldOut: seatsLeft === 0 })
