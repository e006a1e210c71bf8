export type Counts = Record<number, number>

/** What one person says of the step that is over; step 0 is the coming. */
export type StepReport = {
  person: number
  step: number
  sent: number
  answered: number
  failed: number
  waits: Counts
  late: Counts
}

/** What everybody does next, in ms since 1970; `rate` is of all together. */
export type StepPlan = { step: number; rate: number; from_ms: number; until_ms: number } | { over: true }

/** Eight buckets to a doubling: bucket b holds times up to 2^((b+1)/8) - 1 ms. */
export const bucketOf = (ms: number) => Math.floor(8 * Math.log2(1 + Math.max(0, ms)))
export const bucketEnd = (bucket: number) => 2 ** ((bucket + 1) / 8) - 1
