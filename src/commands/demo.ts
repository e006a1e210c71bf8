import type { openAccounts } from "../accounts/accounts.ts"
import type { openBoxOffice } from "../box-office/box-office.ts"
import type { Clock } from "../clock.ts"
import type { Tokens } from "../guard/tokens.ts"
import type { SaleId } from "../ids.ts"
import { cents, later, minutes } from "../units.ts"
import type { WaitingRoom } from "../waiting-room/waiting-room.ts"

export type Demo = ReturnType<typeof openDemo>
export type DemoSettings = {
  admitPerMinute: number
  waitingRoomCap: number
  totalSeats: number
  shopperCapacity?: number
}

/** Sales and fans for trying things out: what /v1/demo, `traffic seed` and the lab stand on. */
export const openDemo = (parts: {
  boxOffice: ReturnType<typeof openBoxOffice>
  waitingRoom: WaitingRoom
  accounts: ReturnType<typeof openAccounts>
  tokens: Tokens
  clock: Clock
}) => {
  const { boxOffice, waitingRoom, accounts, tokens, clock } = parts

  /** A fresh event with a sale that is open from now on for six hours. */
  const prepare = async (settings: DemoSettings): Promise<SaleId> => {
    const now = clock()
    const { eventId } = await boxOffice.events.create({
      name: "Open Air Demo",
      venue: "Riverside Stadium",
      city: "Mumbai",
      category: "concert",
      startsAt: later(now, minutes(60 * 24 * 90)),
    })
    const sale = await boxOffice.sales.create({
      eventId,
      opensAt: now,
      endsAt: later(now, minutes(360)),
      totalSeats: settings.totalSeats,
      admitPerMinute: settings.admitPerMinute,
      waitingRoomCap: settings.waitingRoomCap,
      shopperCapacity: settings.shopperCapacity,
      priceCents: cents(6500),
    })
    await waitingRoom.open(sale)
    return sale.saleId
  }

  return {
    prepare,
    /** The sale that a visitor of the demo meets: the newest that is not over, made when there is none. */
    current: async (): Promise<SaleId> => {
      const newest = (await boxOffice.sales.listLive()).sort((a, b) => b.createdAt - a.createdAt)[0]
      return newest?.saleId ?? prepare({ admitPerMinute: 600, waitingRoomCap: 100_000, totalSeats: 500 })
    },
    /** Accounts without passwords, with their tokens. */
    fans: async (count: number) => {
      const ids = await accounts.mint(count)
      return Promise.all(
        ids.map(async (accountId) => ({ user_id: accountId, token: await tokens.signAccount(accountId) })),
      )
    },
  }
}
