import type { SaleLive } from "../../../../views/console/sale-live.ts"
import { whole } from "../../../../views/shared/words.ts"
import type { LiveChange } from "../../api/operations.ts"

export const consequences = (live: SaleLive, patch: Required<LiveChange>): string[] => {
  const lines: string[] = []
  if (patch.admitPerMinute !== live.admitPerMinute) {
    const [after, before] = [patch, live].map((each) => minutesText(live.waiting / each.admitPerMinute))
    lines.push(
      `Up to ${whole(patch.admitPerMinute)} people a minute are let in instead of ${whole(live.admitPerMinute)}${after === before ? "" : `: for the last of ${whole(live.waiting)} that is a wait of ${after} or more instead of ${before}`}.`,
    )
  }
  if (patch.shopperCapacity !== live.shopperCapacity)
    lines.push(
      `${whole(patch.shopperCapacity)} may shop at one time instead of ${whole(live.shopperCapacity)}${patch.shopperCapacity < live.shoppers ? `; ${whole(live.shoppers)} do now and stay, nobody is called until places come free` : ""}.`,
    )
  if (patch.waitingRoomCap !== live.waitingRoomCap)
    lines.push(
      `${whole(patch.waitingRoomCap)} may wait at one time instead of ${whole(live.waitingRoomCap)}${patch.waitingRoomCap < live.waiting ? "; nobody who waits loses the place, nobody new is taken" : ""}.`,
    )
  if (patch.message !== live.message)
    lines.push(
      patch.message === ""
        ? "The message to everybody who waits goes away."
        : `Everybody who waits reads: ${patch.message}`,
    )
  return lines
}

const minutesText = (minutes: number) => (minutes < 1 ? "less than a minute" : `${whole(Math.ceil(minutes))} min`)
