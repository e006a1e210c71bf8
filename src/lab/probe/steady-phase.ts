import type { Conditions } from "../model/conditions.ts"
import type { RunSettings } from "../model/settings.ts"
import { readProcesses, sharesBetween, type Reading, type Test } from "./machine.ts"

/** Looks at the machine at both ends of the steady phase of a run that starts in so many ms. */
export const openSteadyPhase = ({ rampUp, steady }: RunSettings, test: Test, startsIn = 0) => {
  const seen: { from?: Reading; to?: Reading } = {}
  const timers = [
    setTimeout(async () => (seen.from = await readProcesses(test)), Math.max(0, startsIn + rampUp)),
    setTimeout(async () => (seen.to = await readProcesses(test)), Math.max(0, startsIn + rampUp + steady)),
  ]
  return {
    end: (): Omit<Conditions, "people"> => {
      for (const timer of timers) clearTimeout(timer)
      const { stolen, generator, others } = sharesBetween(seen.from, seen.to)
      return { stolen, k6Cpu: generator, others }
    },
  }
}
