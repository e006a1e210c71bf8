import { Refusal } from "../../../exit.ts"
import { trustedId, type SaleId } from "../../../ids.ts"
import { linesOf } from "../../../lab/audit/audit-log.ts"
import type { Fan } from "../../../../scenarios/lib/settings.ts"
import { minutes } from "../../../units.ts"
import type { Target } from "./target.ts"

type SaleOrder = { admitPerMinute: number; waitingRoomCap: number; totalSeats: number; shopperCapacity?: number }

export const makeSale = async ({ call }: Target, order: SaleOrder): Promise<SaleId> => {
  const made = await call("POST", "/v1/demo/reset", {
    admit_per_minute: order.admitPerMinute,
    waiting_room_cap: order.waitingRoomCap,
    total_seats: order.totalSeats,
    shopper_capacity: order.shopperCapacity && Math.min(order.shopperCapacity, shoppersMost),
  }).catch(hint)
  return trustedId<SaleId>(String(made["sale_id"]))
}
const shoppersMost = 100_000

export const makeFans = async ({ send, origin }: Target, count: number): Promise<Fan[]> => {
  const fans: Fan[] = []
  while (fans.length < count) {
    const before = fans.length
    const wanted = Math.min(fansAtOnce, count - before)
    const answer = await send("POST", "/v1/demo/fans", { count: wanted }, minutes(5)).catch(hint)
    for await (const line of linesOf(answer.body!)) fans.push(JSON.parse(line) as Fan)
    if (fans.length === before) throw new Refusal("fail", `${origin} made no accounts`)
  }
  return fans
}
const fansAtOnce = 20_000

const hint = (error: unknown): never => {
  if (!(error instanceof Refusal)) throw error
  const reasons = error.reasons.map((each) => `${each}${demoHint}`)
  throw new Refusal(error.exit, reasons, { cause: error })
}
const demoHint = " (a plan needs the demo API there: TRAFFIC_MODE=demo, or TRAFFIC_DEMO_KEY here and there)"
