import type { RunSettings } from "../model/settings.ts"

/** The sale beside the one under test: it lets everybody in at once and sells next to nothing. */
export const otherSale = ({ vusMax }: Pick<RunSettings, "vusMax">) => ({
  admitPerMinute: 60_000,
  waitingRoomCap: vusMax,
  totalSeats: 1,
  shopperCapacity: vusMax,
})
