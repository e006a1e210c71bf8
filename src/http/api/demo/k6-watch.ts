import type { Clock } from "../../../clock.ts"
import type { Lab } from "../../../lab/lab.ts"
import { later, seconds, type EpochMs } from "../../../units.ts"

type Found = Awaited<ReturnType<Lab["k6"]>>

const whenThere = seconds(60)
const whenMissing = seconds(3)

/** Whether k6 is there. Finding out starts a program, so the answer is kept for a while, the bad one for less. */
export const openK6Watch = (lab: Pick<Lab, "k6">, clock: Clock) => {
  let kept: { found: Promise<Found>; until: EpochMs } | undefined
  return {
    find: async (): Promise<Found> => {
      if (kept === undefined || clock() > kept.until) kept = { found: lab.k6(), until: later(clock(), whenMissing) }
      const asked = kept
      const found = await asked.found
      if (!("missing" in found)) asked.until = later(clock(), whenThere)
      return found
    },
  }
}
