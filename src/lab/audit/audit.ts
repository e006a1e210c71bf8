import { millis, type Millis } from "../../units.ts"
import {
  admittedWhenCalled,
  calledInOrder,
  callsWithinPace,
  nobodyCalledWhilePaused,
  nobodyOvertaken,
  placesPromisedOnce,
  shoppersWithinCapacity,
} from "./admissions.ts"
import { checkNames, type Check } from "../model/check.ts"
import type { History } from "../model/history.ts"
import { capsKept, expiredHoldsReleased } from "./holds.ts"
import {
  firstComeFirstServed,
  firstWaveFirst,
  joinsKept,
  journalComplete,
  placeKeptOnReconnect,
  positionsDense,
  positionsSteady,
} from "./joins.ts"
import {
  boughtWhileAdmitted,
  keysActOnce,
  noWayIn,
  ordersKept,
  paymentsMatchOrders,
  seatsSoldOnce,
  soldWithinSeats,
} from "./purchases.ts"
import type { ServerTruth } from "../model/truth.ts"

export const audit = (history: History, truth: ServerTruth): Check[] =>
  [
    ...auditStores(truth),
    ordersKept(history, truth),
    joinsKept(history, truth),
    positionsSteady(history),
    firstComeFirstServed(history),
    nobodyOvertaken(history, tickSkew),
    keysActOnce(history, truth),
    ...auditStory(history),
  ].toSorted((a, b) => placeOf(a) - placeOf(b))

const placeOf = ({ name }: Check) => (checkNames as readonly string[]).indexOf(name)

/** Checks of what only some scenarios do; the thresholds of the scripts make sure that they did it. */
const auditStory = (history: History): Check[] => [
  ...(history.streams.length > 0 ? [placeKeptOnReconnect(history)] : []),
  ...(history.joins.some((each) => each.wave === 2) ? [firstWaveFirst(history, tickSkew)] : []),
  ...(history.attempts.length > 0 ? [noWayIn(history)] : []),
]

export const auditStores = (truth: ServerTruth): Check[] => [
  seatsSoldOnce(truth),
  soldWithinSeats(truth),
  paymentsMatchOrders(truth),
  positionsDense(truth),
  journalComplete(truth),
  calledInOrder(truth),
  admittedWhenCalled(truth),
  boughtWhileAdmitted(truth),
  capsKept(truth),
  shoppersWithinCapacity(truth),
  placesPromisedOnce(truth),
  callsWithinPace(truth),
  nobodyCalledWhilePaused(truth),
  expiredHoldsReleased(truth),
]

/** Nodes learn of a call once a tick, at most 250 ms later, and a busy machine is late. */
export const tickSkew: Millis = millis(1000)
