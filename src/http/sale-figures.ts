import type { SaleId } from "../ids.ts"
import type { Metrics } from "../metrics.ts"
import type { Snapshot } from "../waiting-room/waiting-room.ts"

export const openSaleFigures = ({ depth, nowServing, admissions, shoppers, seatsAvailable }: Metrics) => ({
  show: ({ saleId, ...seen }: Snapshot) => {
    const labels = { sale_id: saleId }
    depth.set(labels, seen.waiting)
    nowServing.set(labels, seen.nowServing)
    admissions.set(labels, seen.admitted)
    shoppers.set(labels, seen.shoppers)
    seatsAvailable.set(labels, seen.stock.available)
  },
  forget: (saleId: SaleId) => {
    for (const gauge of [depth, nowServing, admissions, shoppers, seatsAvailable]) gauge.remove({ sale_id: saleId })
  },
})
