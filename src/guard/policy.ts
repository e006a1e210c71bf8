import { millis, type Millis } from "../units.ts"

/** `limit` takes per `window`, `burst` of them (by default all) at once. */
export type Policy = { name: string; limit: number; window: Millis; burst?: number }

/** Thousandths of a token left; negative when nothing was taken, by what is missing. As in token-bucket.lua. */
export type Level = number

export type BucketOutcome = {
  state: "ok" | "limited"
  limit: number
  remaining: number
  resetAfter: Millis
  retryAfter: Millis
}

export const outcomeOf = ({ limit, window, burst = limit }: Policy, level: Level): BucketOutcome => {
  const untilGained = (thousandths: number) => millis(Math.ceil((thousandths * window) / limit / 1000))
  return level < 0
    ? {
        state: "limited",
        limit,
        remaining: 0,
        resetAfter: untilGained((burst - 1) * 1000 - level),
        retryAfter: untilGained(-level),
      }
    : {
        state: "ok",
        limit,
        remaining: Math.floor(level / 1000),
        resetAfter: untilGained(burst * 1000 - level),
        retryAfter: millis(0),
      }
}
