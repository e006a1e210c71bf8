/** Times are seconds since the start. `to` is absent when the run ended over the limit. */
export type Crossing = { from: number; to?: number; worst: number; worstAt: number }

type Series = { times: number[]; values: (number | undefined)[] }

/** Seconds outside the window do not count, and a second without a sample neither starts nor ends a stretch. */
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
