import type { Phase } from "../../src/waiting-room/phase.ts"
import type { Minute } from "./minute-chart.tsx"

export type SaleLive = {
  saleId: string
  phase: Phase
  paused: boolean
  queueOpensAt: number
  opensAt: number
  waiting: number
  joined: number
  nowServing: number
  shoppers: number
  measuredPerMinute: number
  available: number
  held: number
  sold: number
  total: number
  revenueCents: number
  orders: number
  buyers: number
  message: string
  admitPerMinute: number
  shopperCapacity: number
  waitingRoomCap: number
  recovering: boolean
  alarm?: string
  now: number
  minutes: Minute[]
}

/** What an open page shows besides figures; it is sent again only when this differs. */
export const markOf = ({ phase, paused, recovering, message, alarm }: SaleLive) =>
  JSON.stringify([phase, paused, recovering, message, alarm ?? ""])
