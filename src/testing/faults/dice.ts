export type Dice = ReturnType<typeof openDice>

/** Chance that can be played again: the same seed falls the same way. */
export const openDice = (seed: string) => {
  let state = Bun.hash.crc32(seed)
  const share = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    share,
    between: (low: number, high: number) => low + share() * (high - low),
    pick: <T>(of: readonly T[]): T => of[Math.floor(share() * of.length)]!,
    /** Milliseconds until the next arrival, when so many come in a second and none knows of another. */
    gapMs: (perSecond: number) => (-Math.log(1 - share()) * 1000) / perSecond,
  }
}
