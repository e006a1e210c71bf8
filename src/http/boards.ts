import type { SaleId } from "../ids.ts"
import type { Metrics } from "../metrics.ts"
import type { Snapshot } from "../waiting-room/waiting-room.ts"
import { boardOf, boardPath } from "./api/waiting-room/board.ts"
import type { BunRoutes } from "./core/crowd.ts"
import { openSaleFigures } from "./sale-figures.ts"

/** Sales that have routes of their own; the time to swap boards grows with each. Others are found by their id in the path. */
const ownRoutesMax = 64

type Board = { version: number; answer: Response; routes: BunRoutes }
type Used = { metrics: Metrics; routesOf: (saleId: SaleId) => BunRoutes }

/** Boards are static answers, swapped when they change: no line of ours runs when one is asked for. */
export const openBoards = ({ metrics, routesOf }: Used) => {
  const boards = new Map<SaleId, Board>()
  const figures = openSaleFigures(metrics)

  const forgetAllBut = (listed: Set<SaleId>) => {
    const gone = [...boards.keys()].filter((saleId) => !listed.has(saleId))
    for (const saleId of gone) {
      boards.delete(saleId)
      figures.forget(saleId)
    }
    return gone.length > 0
  }
  const show = (snapshot: Snapshot) => {
    const before = boards.get(snapshot.saleId)
    if (before?.version === snapshot.version) return false
    boards.set(snapshot.saleId, {
      version: snapshot.version,
      answer: boardOf(snapshot),
      routes: before?.routes ?? (boards.size < ownRoutesMax ? routesOf(snapshot.saleId) : {}),
    })
    figures.show(snapshot)
    return true
  }

  return {
    swap: (snapshots: Snapshot[]): boolean => {
      const hasForgotten = forgetAllBut(new Set(snapshots.map((each) => each.saleId)))
      return snapshots.map(show).includes(true) || hasForgotten
    },
    routes: (): BunRoutes =>
      Object.assign(
        {},
        ...[...boards].map(([saleId, { answer, routes }]) => ({ [boardPath(saleId)]: { GET: answer }, ...routes })),
      ),
    count: () => boards.size,
  }
}
