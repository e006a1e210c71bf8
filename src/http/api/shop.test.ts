import { expect, test } from "bun:test"
import { freshShop, refusesWith } from "../../testing/box-office.ts"
import type { AdmissionId } from "../../ids.ts"
import { later, minutes } from "../../units.ts"
import { silentLog } from "../../log.ts"
import type { Parts } from "../core/parts.ts"
import { openShop } from "./shop.ts"

test("a room that forgot an admission hears of it from the shop, and at once that it is over when it was paid with", async () => {
  const { boxOffice, clock, sale, shopper } = await freshShop()
  const heard: [what: string, admissionId: AdmissionId][] = []
  const count = { inc: () => {} }
  const shop = openShop({
    boxOffice,
    waitingRoom: {
      readmit: async ({ admissionId }: { admissionId: AdmissionId }) => heard.push(["readmit", admissionId]) > 0,
      finish: async (_sale: unknown, _account: unknown, admissionId: AdmissionId) =>
        void heard.push(["finish", admissionId]),
    },
    metrics: { counter: () => count },
    clock,
    log: silentLog,
  } as unknown as Parts)
  const { saleId } = await sale()
  const ada = await shopper(saleId)
  const heardOf = () => heard.splice(0).map(([what, id]) => [what, id === ada.admissionId])

  const { holdId } = await shop.hold(ada, { quantity: 1, idempotencyKey: "h" })
  expect(heardOf()).toEqual([["readmit", true]])
  const paid = await shop.checkout(ada, { holdId, idempotencyKey: "c" })
  expect(heardOf()).toEqual([
    ["readmit", true],
    ["finish", true],
  ])
  // Once more, as after a lost answer.
  await shop.hold(ada, { quantity: 1, idempotencyKey: "h" })
  expect(heardOf()).toEqual([
    ["readmit", true],
    ["finish", true],
  ])
  expect(await shop.checkout(ada, { holdId, idempotencyKey: "c" })).toEqual(paid)
  expect(heardOf().at(-1)).toEqual(["finish", true])
})

test("an admission whose end an outage has moved is good until then, whatever its token says", async () => {
  const { boxOffice, clock, after, sale, shopper } = await freshShop()
  const { saleId } = await sale()
  const ada = await shopper(saleId, minutes(1))
  let endsAt = ada.endsAt
  const shop = openShop({
    boxOffice,
    waitingRoom: {
      readmit: async () => false,
      finish: async () => {},
      turn: async () => ({ state: "admitted", position: 1, ...ada, endsAt }),
    },
    metrics: { counter: () => ({ inc: () => {} }) },
    clock,
    log: silentLog,
  } as unknown as Parts)
  after(minutes(2))
  await refusesWith("admission_invalid", shop.hold(ada, { quantity: 1, idempotencyKey: "h" }))
  endsAt = later(endsAt, minutes(5))
  const { holdId } = await shop.hold(ada, { quantity: 1, idempotencyKey: "h" })
  expect(await shop.checkout(ada, { holdId, idempotencyKey: "c" })).toMatchObject({ status: "paid" })
})
