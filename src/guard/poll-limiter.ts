import type { Clock } from "../clock.ts"
import type { AccountId } from "../ids.ts"
import { millis, seconds, type Millis } from "../units.ts"

export type PollLimits = {
  polls: number
  window: Millis
  /** Accounts per window. Beyond it the counts start again, which bounds memory. */
  counted: number
}

export type PollLimiter = ReturnType<typeof openPollLimiter>

/**
 * A fixed-window limiter in this process, without a store: an account polls at most 20 times in two seconds. The window is the same
 * for everybody and the counts end with it, so that a take costs one look into a Map.
 */
export const openPollLimiter = ({ clock, limits }: { clock: Clock; limits?: Partial<PollLimits> }) => {
  const { polls, window, counted } = { ...usualLimits, ...limits }
  let counts = new Map<AccountId, number>()
  let windowStart = 0

  return {
    /** 0 when the poll is allowed, otherwise the time until the next window. */
    take: (accountId: AccountId): Millis => {
      const now = clock()
      // A clock that stepped back must not keep the window open.
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
