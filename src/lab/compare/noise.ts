/** A difference counts only when it exceeds both the share and the amount. */
export type Allowance = { share: number; amount: number }

export type Difference = {
  found: "worse" | "better" | "no_difference"
  by: "ranks" | "band"
  /** Two-sided p of the Mann-Whitney U test; absent with too few runs. */
  p?: number
}

/** `floor` is the smallest difference that matters, `band` the largest that chance causes between two runs. */
export type Tolerance = { better: "lower" | "higher"; floor: Allowance; band: Allowance }

/** Five runs a side are the fewest that can reach p < 0.01. */
export const runsForRanks = 5

const doubtful = 0.1

/** Neither list may be empty. */
export const differenceBetween = (a: number[], b: number[], { better, floor, band }: Tolerance): Difference => {
  const [first, second] = better === "lower" ? [a, b] : [b, a]
  const tell = (isAbove: (low: number[], high: number[]) => boolean) =>
    isAbove(first, second) ? "worse" : isAbove(second, first) ? "better" : "no_difference"
  const fewest = Math.min(a.length, b.length)
  if (fewest >= runsForRanks) {
    const p = mannWhitney(a, b)
    // Six and more can reach 0.005, which keeps a dozen figures from raising a false alarm between them.
    const sure = fewest === runsForRanks ? 0.01 : 0.005
    // One outlier among few runs leaves a doubt, which a large effect outweighs.
    const least = p < sure ? floor : p < doubtful ? band : undefined
    const isAbove = (low: number[], high: number[]) => least !== undefined && median(high) > beyond(median(low), least)
    return { found: tell(isAbove), by: "ranks", p }
  }
  const isApart = (low: number[], high: number[]) =>
    Math.min(...high) > beyond(Math.max(...low), floor) && median(high) > beyond(median(low), band)
  return { found: tell(isApart), by: "band" }
}

const beyond = (value: number, { share, amount }: Allowance) => Math.max(value * (1 + share), value + amount)

/** Exact two-sided p of the rank sums, ties sharing their mean rank. Meant for some dozens of values at most. */
export const mannWhitney = (a: number[], b: number[]): number => {
  const ranks = doubledRanks([...a, ...b])
  const seen = ranks.slice(0, a.length).reduce((sum, each) => sum + each, 0)
  const total = ranks.reduce((sum, each) => sum + each, 0)
  // ways[k][s] is the number of ways in which k of the ranks sum to s.
  const ways = Array.from({ length: a.length + 1 }, () => new Float64Array(total + 1))
  ways[0]![0] = 1
  for (const rank of ranks)
    for (let k = a.length; k >= 1; k--)
      for (let sum = total; sum >= rank; sum--) ways[k]![sum]! += ways[k - 1]![sum - rank]!
  const expected = (a.length * total) / ranks.length
  const distance = Math.abs(seen - expected)
  let all = 0
  let extreme = 0
  for (const [sum, count] of ways[a.length]!.entries()) {
    all += count
    if (Math.abs(sum - expected) >= distance - 1e-9) extreme += count
  }
  return extreme / all
}

/** Ranks are doubled so that the mean of tied ranks is an integer. */
const doubledRanks = (values: number[]): number[] =>
  values.map((value) => {
    const below = values.filter((each) => each < value).length
    const equal = values.filter((each) => each === value).length
    return 2 * below + equal + 1
  })

export const median = (values: number[]): number => {
  const sorted = [...values].sort((x, y) => x - y)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
