import { percentOf } from "./percent.ts"

/** How the machine and the generator did. A reading that the system does not offer is absent. */
export type Conditions = {
  stolen?: number
  k6Cpu?: number
  others?: number
  people: number
  starved?: string
  /** Slow answers were looked for, so other programs count whatever the thresholds say. */
  seeksLimit?: boolean
  /** What the run looked for and had not found when its time was over. */
  unfinished?: string
}

/** More than this of the machine in the steady phase, or people who come later, and a run cannot be judged. */
export const bearable = { stolen: 0.1, k6Cpu: 0.8, others: 0.2, lagMs: 250 } as const

export const percentsOf = ({ stolen, k6Cpu, others }: Conditions): Record<string, number> => ({
  ...(stolen !== undefined && { steal_pct: percentOf(stolen) }),
  ...(k6Cpu !== undefined && { k6_cpu_pct: percentOf(k6Cpu) }),
  ...(others !== undefined && { other_programs_cpu_pct: percentOf(others) }),
})
