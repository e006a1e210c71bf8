import { expect, test } from "bun:test"
import { newId, type SaleId } from "../ids.ts"
import { openMetrics } from "../metrics.ts"
import { epochMs } from "../units.ts"
import type { Snapshot } from "../waiting-room/waiting-room.ts"
import { openSaleFigures } from "./sale-figures.ts"

test("the figures of a sale that is gone go too, so that sales of years do not pile up", async () => {
  const metrics = openMetrics()
  const figures = openSaleFigures(metrics)
  const sales = Array.from({ length: 50 }, () => newId<SaleId>(epochMs(1_800_000_000_000)))
  for (const saleId of sales)
    figures.show({ saleId, waiting: 1, nowServing: 2, admitted: 3, shoppers: 4, stock: { available: 5 } } as Snapshot)
  expect((await metrics.text()).split(sales[0]!)).toHaveLength(6)
  for (const saleId of sales.slice(1)) figures.forget(saleId)
  expect((await metrics.text()).match(/sale_id="/g)).toHaveLength(5)
})
