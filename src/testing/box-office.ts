import type { Admission } from "../admission.ts"
import { expect } from "bun:test"
import { isFault, type Fault, type FaultCode } from "../fault.ts"
import { newId, type AccountId, type AdmissionId, type SaleId } from "../ids.ts"
import { silentLog } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import { applicationDatabase } from "./application.ts"
import { epochMs, later, minutes, type Millis } from "../units.ts"
import { openBoxOffice } from "../box-office/box-office.ts"
import { makeSigningKey } from "../box-office/qr.ts"
import type { NewSale } from "../box-office/sales.ts"

export type Shop = Awaited<ReturnType<typeof freshShop>>

const signing = makeSigningKey()
const opening = epochMs(Date.UTC(2026, 10, 21, 10))

/** A box office on a database of its own, with the application's rights and a clock that the test moves; `sql` has every right. */
export const freshShop = async () => {
  const { owner: sql, sql: application, url } = await applicationDatabase()
  let now = opening
  const clock = () => now
  const boxOffice = openBoxOffice({ sql: application, clock, log: silentLog, signing })

  return {
    sql,
    url,
    clock,
    boxOffice,
    after: (time: Millis) => {
      now = later(now, time)
    },
    /** As after a restart: nothing is remembered but the stores. */
    reopened: (pool: Pool = application) => openBoxOffice({ sql: pool, clock, log: silentLog, signing }),
    sale: async (given: Partial<NewSale> = {}) => {
      const { eventId } = await boxOffice.events.create({
        name: "The Night",
        venue: "Old Hall",
        city: "Graz",
        startsAt: later(now, minutes(60 * 24 * 7)),
      })
      return boxOffice.sales.create({
        eventId,
        opensAt: now,
        endsAt: later(now, minutes(60 * 24)),
        totalSeats: 40,
        admitPerMinute: 600,
        waitingRoomCap: 1000,
        priceCents: 4500,
        ...given,
      })
    },
    shopper: async (saleId: SaleId, length: Millis = minutes(10)) => (await shoppers(sql, saleId, 1, now, length))[0]!,
    shoppers: (saleId: SaleId, count: number, length: Millis = minutes(10)) =>
      shoppers(sql, saleId, count, now, length),
    /** The same account, let in again. */
    again: ({ saleId, accountId }: Admission): Admission => ({
      saleId,
      accountId,
      admissionId: newId<AdmissionId>(now),
      grantedAt: now,
      endsAt: later(now, minutes(10)),
    }),
  }
}

const shoppers = async (
  sql: Pool,
  saleId: SaleId,
  count: number,
  now: typeof opening,
  length: Millis,
): Promise<Admission[]> => {
  const ids = Array.from({ length: count }, () => newId<AccountId>(now))
  await sql`insert into accounts ${sql(ids.map((id) => ({ id, createdAt: now })))}`
  return ids.map((accountId) => ({
    saleId,
    accountId,
    admissionId: newId<AdmissionId>(now),
    grantedAt: now,
    endsAt: later(now, length),
  }))
}

/** The fault that `work` ends with; anything else fails the test. */
export const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error = await work.then(
    (value) => new Error(`expected a fault, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (!isFault(error)) throw error
  return error
}

export const refusesWith = async (code: FaultCode, work: Promise<unknown>) =>
  expect((await faultOf(work)).code).toBe(code)

/** The name of the constraint, or else the SQLSTATE, that refused the statement. */
export const refusalOf = async (work: PromiseLike<unknown>): Promise<string> => {
  const error: unknown = await Promise.resolve(work).then(
    () => new Error("expected the store to refuse"),
    (reason: unknown) => reason,
  )
  const { constraint_name: constraint, code } = error as { constraint_name?: string; code?: string }
  if (!constraint && !code) throw error
  return constraint ?? code!
}

export const outcomes = async <T>(work: Promise<T>[]) => {
  const settled = await Promise.allSettled(work)
  const values = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []))
  const failures = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []))
  const bug = failures.find((each) => !isFault(each))
  if (bug) throw bug
  return { values, codes: failures.map((each) => (each as Fault).code) }
}
