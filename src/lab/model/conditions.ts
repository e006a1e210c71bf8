/** How the machine and the generator did. A reading that the system does not offer is absent. */
export type Conditions = {
  /** Share of the CPU that neighbours of the machine took in the steady phase, 0..1. */
  stolen?: number
  /** Share of the whole machine that k6 used in the steady phase, 0..1. */
  k6Cpu?: number
  /** Share of the whole machine that programs outside the test used in the steady phase, 0..1. */
  others?: number
  /** People who were to come. */
  people: number
  /** What kept the generator from offering the load. */
  starved?: string
  /** Slow answers were looked for, so other programs count whatever the thresholds say. */
  seeksLimit?: boolean
  /** What the run looked for and had not found when its time was over. */
  unfinished?: string
}

/** As figures of a run. */
export const percentsOf = ({ stolen, k6Cpu, others }: Conditions): Record<string, number> => ({
  ...(stolen === undefined ? {} : { steal_pct: percent(stolen) }),
  ...(k6Cpu === undefined ? {} : { k6_cpu_pct: percent(k6Cpu) }),
  ...(others === undefined ? {} : { other_programs_cpu_pct: percent(others) }),
})
const percent = (share: number) => Math.round(share * 1000) / 10
