/** A stretch of time over a limit, in seconds since the start. `to` is absent when the run ended over it. */
export type Crossing = { from: number; to?: number; worst: number; worstAt: number }

type Series = { times: number[]; values: (number | undefined)[] }

/**
 * Every stretch in which the values broke a limit; seconds outside the window do not count.
 * A second without a sample neither begins nor ends one.
 */
export const crossingsOf = (
  { times, values }: Series,
  breaks: (value: number) => boolean,
  { from = -Infinity, to = Infinity }: { from?: number; to?: number } = {},
): Crossing[] => {
  const found: Crossing[] = []
  let open: Crossing | undefined
  values.forEach((value, index) => {
    const at = times[index]
    if (value === undefined || at === undefined || at < from) return
    if (at > to || !breaks(value)) {
      if (open !== undefined) open.to = Math.min(at, to)
      open = undefined
      return
    }
    if (open === undefined) {
      open = { from: at, worst: value, worstAt: at }
      found.push(open)
    } else if (value > open.worst) {
      open.worst = value
      open.worstAt = at
    }
  })
  return found
}
