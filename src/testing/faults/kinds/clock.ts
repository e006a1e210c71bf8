import { clockCell } from "../clocks.ts"
import { nothingFound } from "../comparison.ts"
import type { Kind } from "../scene.ts"

export const clock: Kind = {
  name: "clock",
  does: "traffic ends and starts again with clocks up to a day off, the stores being right",
  long: 20,
  short: 1,
  perCell: 1,
  alone: async (seed) => {
    const { people, lost, moved, twice, wrong } = await clockCell({ seed })
    const times = (count: number, what: string) => Array.from({ length: count }, () => what)
    return {
      ...nothingFound(),
      acknowledged: people,
      lost: times(lost, "a place was lost"),
      moved: times(moved, "a position changed"),
      calledTwice: times(twice, "a position was called twice"),
      other: wrong,
    }
  },
}
