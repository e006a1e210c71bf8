import type { openAccounts } from "../accounts/accounts.ts"
import type { openBoxOffice } from "../box-office/box-office.ts"
import type { NewSale } from "../box-office/sales.ts"
import type { Clock } from "../clock.ts"
import type { Tokens } from "../guard/tokens.ts"
import type { SaleId } from "../ids.ts"
import { cents, later, minutes, type EpochMs, type Millis } from "../units.ts"
import type { WaitingRoom } from "../waiting-room/waiting-room.ts"

export type Demo = ReturnType<typeof openDemo>
export type DemoSettings = {
  admitPerMinute: number
  waitingRoomCap: number
  totalSeats: number
  shopperCapacity?: number
  admissionLength?: Millis
}

/** Sales and fans for trying things out: what /v1/demo, `traffic seed` and the lab stand on. */
export const openDemo = (parts: {
  boxOffice: ReturnType<typeof openBoxOffice>
  waitingRoom: Pick<WaitingRoom, "open" | "change">
  accounts: ReturnType<typeof openAccounts>
  tokens: Tokens
  clock: Clock
}) => {
  const { boxOffice, waitingRoom, accounts, tokens, clock } = parts

  const createEvent = async (now: EpochMs) => {
    const { eventId } = await boxOffice.events.create({
      name: "Open Air Demo",
      venue: "Riverside Stadium",
      city: "Mumbai",
      category: "concert",
      startsAt: later(now, minutes(60 * 24 * 90)),
    })
    return eventId
  }

  const createSale = async (given: NewSale): Promise<SaleId> => {
    const sale = await boxOffice.sales.create({ ...given, priceCents: cents(6500) })
    await waitingRoom.open(sale)
    return sale.saleId
  }

  const prepare = async (settings: DemoSettings): Promise<SaleId> => {
    const now = clock()
    return createSale({
      eventId: await createEvent(now),
      opensAt: now,
      endsAt: later(now, openFor),
      totalSeats: settings.totalSeats,
      admitPerMinute: settings.admitPerMinute,
      waitingRoomCap: settings.waitingRoomCap,
      shopperCapacity: settings.shopperCapacity,
      admissionLength: settings.admissionLength,
    })
  }

  return {
    prepare,
    /** Another sale of the same event with the same pace and limits, which opens when `openAt` says so. */
    prepareAgain: async (saleId: SaleId): Promise<SaleId> => {
      const { saleId: _, createdAt: __, paused: ___, closed: ____, ...settings } = await boxOffice.sales.find(saleId)
      const opensAt = later(clock(), openFor)
      return createSale({ ...settings, queueOpensAt: opensAt, opensAt, endsAt: later(opensAt, openFor) })
    },
    openAt: async (saleId: SaleId, at: EpochMs): Promise<void> => {
      const times = { queueOpensAt: at, opensAt: at }
      await boxOffice.sales.change(saleId, times)
      await waitingRoom.change(saleId, times)
    },
    /** The sale that a visitor of the demo meets: the newest that is not over, made when there is none. */
    current: async (): Promise<SaleId> => {
      const newest = (await boxOffice.sales.listLive()).sort((a, b) => b.createdAt - a.createdAt)[0]
      return newest?.saleId ?? prepare({ admitPerMinute: 600, waitingRoomCap: 100_000, totalSeats: 500 })
    },
    fans: async (count: number) => {
      const ids = await accounts.mint(count)
      return Promise.all(
        ids.map(async (accountId) => ({ user_id: accountId, token: await tokens.signAccount(accountId) })),
      )
    },
  }
}

const openFor = minutes(360)
