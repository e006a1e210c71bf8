/**
 * How long the event loop kept others waiting: by how much a short timer came late. Bun has one histogram of event loop delays for
 * the whole process, whoever resets it, so that a second reader of it would see nothing.
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
    /** The longest since it was asked last, in milliseconds. */
    take: (): number => {
      const at = now()
      const seen = Math.max(longest, at - due, 0)
      longest = 0
      // What is late already has been told.
      due = Math.max(due, at)
      return seen
    },
  }
}

/** In milliseconds, and so the shortest lag that is seen for sure. */
const period = 20
