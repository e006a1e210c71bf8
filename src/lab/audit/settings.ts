import { epochMs, later, type EpochMs } from "../../units.ts"
import { writingTime, type ServerTruth, type TruthCall, type TruthCap, type TruthSettings } from "../model/truth.ts"

export type UnderSettings = { call: TruthCall; held: TruthSettings }

/**
 * Every call with what the room was set to. The room's own order of events decides, so that no clock does. What was written again for
 * a journal that had lost it ("healed-...") says that people were called, not when: its pace and places cannot be judged.
 */
export const callsUnderSettings = (truth: ServerTruth): UnderSettings[] => {
  const settings = settingsOf(truth)
  let next = 1
  return truth.calls
    .filter(isPlaced)
    .toSorted(inRoomOrder)
    .map((call) => {
      while (next < settings.length && inRoomOrder(settings[next]!, call) < 0) next++
      return { call, held: settings[next - 1]! }
    })
}

/** In the room's own order. A sale without a history was always set to what it is set to today. */
export const settingsOf = ({ sale, settings }: ServerTruth): TruthSettings[] =>
  settings.length > 0
    ? settings.toSorted(inRoomOrder)
    : [{ ...sale, generation: 0, entryId: "0-0", since: epochMs(0), paused: false, closed: false, assumed: true }]

/** The most seats that one account could be allowed about that moment, give or take what two clocks differ. */
export const capAt = (truth: ServerTruth, at: EpochMs): number => {
  const caps = capsOf(truth)
  const before = caps.filter((each) => each.since <= at - writingTime).at(-1) ?? caps[0]!
  const about = caps.filter((each) => each.since > at - writingTime && each.since <= later(at, writingTime))
  return Math.max(before.maxTicketsPerUser, ...about.map((each) => each.maxTicketsPerUser))
}

export const capsOf = ({ sale, caps }: ServerTruth): TruthCap[] =>
  caps.length > 0 ? caps : [{ since: epochMs(0), maxTicketsPerUser: sale.maxTicketsPerUser, assumed: true }]

/** "8, then 3"; says so when the first was never written down. */
export const inTurn = (held: { assumed: boolean }[], values: number[]): string => {
  const changed = values.filter((value, index) => value !== values[index - 1])
  const shown = changed.length > shownMax ? [...changed.slice(0, shownMax), "and so on"] : changed
  if (!held.some((each) => each.assumed)) return shown.join(", then ")
  return `${shown.join(", then ")} (${held.length > 1 ? "the first " : ""}as of the day on which its history began)`
}

const shownMax = 5

const isPlaced = ({ entryId }: TruthCall) => /^\d/.test(entryId)

type Placed = { generation: number; entryId: string }
const inRoomOrder = (a: Placed, b: Placed): number =>
  a.generation - b.generation || compareEntries(a.entryId, b.entryId)

const compareEntries = (a: string, b: string): number => {
  const [ms, nth] = a.split("-").map(Number)
  const [otherMs, otherNth] = b.split("-").map(Number)
  return ms! - otherMs! || nth! - otherNth!
}
