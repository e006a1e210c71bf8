import type { Clock } from "../clock.ts"
import type { AccountId } from "../ids.ts"
import { millis, seconds, type Millis } from "../units.ts"

export type PollLimits = {
  /** Polls of one account in one window; all of them may come at once. */
  polls: number
  window: Millis
  /** Accounts counted in one window. When more poll, the counts start again: memory is bounded, not the crowd. */
  counted: number
}

/**
 * Bounds how often one account polls this process, without a store: ten times a second over two seconds, so at most 20 at once.
 * Windows are the same for everybody and counts are thrown away with them, which makes a take as cheap as one look into a Map.
 */
export const openPolls = ({ clock, limits }: { clock: Clock; limits?: Partial<PollLimits> }) => {
  const { polls, window, counted } = { ...usualLimits, ...limits }
  let counts = new Map<AccountId, number>()
  let windowStart = 0

  return {
    /** 0 when the poll may be answered, otherwise how long to stay away. */
    take: (accountId: AccountId): Millis => {
      const now = clock()
      // A clock that stepped back must not leave a window open for ever.
      if (now - windowStart >= window || now < windowStart) {
        windowStart = now
        counts = new Map()
      }
      const taken = counts.get(accountId) ?? 0
      if (taken >= polls) return millis(windowStart + window - now)
      if (taken === 0 && counts.size >= counted) counts = new Map()
      counts.set(accountId, taken + 1)
      return millis(0)
    },
    size: () => counts.size,
  }
}

const usualLimits: PollLimits = { polls: 20, window: seconds(2), counted: 200_000 }
