import type { Place, PlaceState } from "../../../../views/fan/place.ts"
import { Fault } from "../../../fault.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import { seconds } from "../../../units.ts"
import type { Snapshot } from "../../../waiting-room/waiting-room.ts"
import { aheadOf, pollAfterMs } from "../../api/waiting-room/status.ts"
import type { Parts } from "../../core/parts.ts"

export const placeOf = async (
  { waitingRoom }: Pick<Parts, "waitingRoom">,
  saleId: SaleId,
  account: AccountId | undefined,
  refused?: PlaceState,
): Promise<Place> => {
  const turn = account === undefined ? undefined : await waitingRoom.turn(saleId, account)
  const snapshot = waitingRoom.snapshot(saleId) ?? (await lookupSnapshot(waitingRoom, saleId))
  if (turn?.state === "unknown_sale") throw new Fault("sale_not_found", `No sale is called ${saleId}`)
  const common = commonOf(snapshot)
  if (refused !== undefined) return { ...common, state: refused }
  if (turn?.state === "recovering") return { ...common, state: "recovering" }
  if (turn === undefined || turn.state === "not_in_queue") {
    const without = snapshot === undefined ? "join" : (stateWithoutPlace[snapshot.phase] ?? "join")
    return { ...common, state: turn === undefined && without === "join" ? "sign_in" : without }
  }
  if (turn.state === "admitted") return { ...common, state: "turn", turnEndsAt: turn.endsAt }
  if (snapshot?.phase === "closed") return { ...common, state: "closed" }
  if (turn.state === "used" && snapshot?.phase === "sold_out") return { ...common, state: "sold_out" }
  if (turn.state !== "waiting" || snapshot === undefined)
    return { ...common, state: turn.state === "waiting" ? "recovering" : turn.state }
  const ahead = aheadOf(turn.position, snapshot)
  const { p50, p90 } = snapshot.waitMsPerPosition
  return {
    ...common,
    state: "waiting",
    position: turn.position,
    ahead,
    waitMs: { p50: ahead * p50, p90: ahead * p90 },
  }
}

const lookupSnapshot = async (waitingRoom: Parts["waitingRoom"], saleId: SaleId) => {
  const look = await waitingRoom.look(saleId)
  return look.state === "seen" ? look.snapshot : undefined
}

const commonOf = (snapshot: Snapshot | undefined) =>
  snapshot === undefined
    ? {}
    : {
        phase: snapshot.phase,
        message: snapshot.message,
        nowServing: snapshot.nowServing,
        seatsLeft: snapshot.stock.total === 0 ? undefined : snapshot.stock.available + snapshot.stock.held,
        takenAt: snapshot.takenAt,
      }

const stateWithoutPlace: Partial<Record<Snapshot["phase"], PlaceState>> = {
  scheduled: "early",
  sold_out: "sold_out",
  closed: "closed",
}

/** Whoever has shopped is in no hurry; the next turn is long enough to be seen in time. */
export const askAgainAfterMs = ({ state, waitMs }: Place) =>
  pollAfterMs(state === "used" ? seconds(100) : (waitMs?.p50 ?? 0))

/** As a poll would be told, but no sooner than a page can be read. */
export const refreshAfterSec = (place: Place) => {
  if (["sign_in", "join", "turn", "closed"].includes(place.state)) return undefined
  return Math.max(5, Math.round(askAgainAfterMs(place) / 1000))
}
