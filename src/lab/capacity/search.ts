import type { Clock } from "../../clock.ts"
import type { Millis } from "../../units.ts"
import { capacityFound, capacityOf } from "./cause.ts"
import { openCapacityDesk } from "./desk.ts"
import { readProcesses, sharesBetween, type Reading } from "../probe/machine.ts"
import type { Second } from "../model/figures.ts"
import type { Conditions } from "../model/conditions.ts"

/** The search as the lab sees it: the desk, and what the machine was like meanwhile, for it may be over long before its time. */
export const openCapacitySearch = (parts: { clock: Clock; people: number; length: Millis; ownStores: boolean }) => {
  const test = { generators: [] as number[], ownStores: parts.ownStores }
  let from: Promise<Reading | undefined> | undefined
  let to: Promise<Reading | undefined> | undefined
  const desk = openCapacityDesk({ ...parts, onOver: () => (to = readProcesses(test)) })
  return {
    settings: { desk_url: desk.url },
    begin: (pids: number[]) => {
      test.generators = pids
      from = readProcesses(test)
    },
    /** A generator that is used up is an answer, not a flaw of the run. */
    conditions: async (): Promise<Conditions> => {
      const { generator: _, ...shares } = sharesBetween(await from, await to)
      return { people: parts.people, ...shares }
    },
    answer: (points: Second[]) => {
      const capacity = capacityOf(desk.steps, points, { cores: navigator.hardwareConcurrency, most: desk.most })
      return { capacity, check: capacityFound(desk.steps, capacity) }
    },
    close: desk.close,
  }
}
