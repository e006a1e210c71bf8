/**
 * Measures event-loop lag: how late a short timer comes. Bun has one histogram of it for the whole process, which a second
 * reader would reset.
 */
export const openLoopLag = (now: () => number = () => performance.now()) => {
  let timer: Timer | undefined
  let due = now() + period
  let longest = 0
  const look = () => {
    const at = now()
    longest = Math.max(longest, at - due)
    due = at + period
  }
  return {
    start: () => {
      due = now() + period
      longest = 0
      clearInterval(timer)
      timer = setInterval(look, period)
      timer.unref()
    },
    stop: () => clearInterval(timer),
    look,
    take: (): number => {
      const at = now()
      const seen = Math.max(longest, at - due, 0)
      longest = 0
      due = Math.max(due, at)
      return seen
    },
  }
}

/** Milliseconds; a shorter lag may be missed. */
const period = 20
