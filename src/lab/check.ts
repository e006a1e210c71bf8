/** One thing that had to hold. A check that could not be judged neither passed nor failed the run. */
export type Check = {
  name: string
  passed: boolean
  judged: boolean
  expected: string
  seen: string
  /** The first case that breaks it, in words. */
  counterExample?: string
}

/** `seen` says how much was looked at, so that a check on nothing shows. */
export const passes = (name: string, expected: string, seen: string): Check => ({
  name,
  passed: true,
  judged: true,
  expected,
  seen,
})

export const fails = (name: string, expected: string, seen: string, counterExample: string): Check => ({
  name,
  passed: false,
  judged: true,
  expected,
  seen,
  counterExample,
})

/** Fails with the first of the breaches, passes when there is none. */
export const checkOf = (name: string, expected: string, lookedAt: string, breaches: string[]): Check =>
  breaches[0] === undefined
    ? passes(name, expected, lookedAt)
    : fails(
        name,
        expected,
        `${breaches.length === breachesKept ? "at least " : ""}${breaches.length} of ${lookedAt} break it`,
        breaches[0],
      )

/** Enough to tell a pattern from an accident. */
export const breachesKept = 1000

/** Collects breaches, at most `breachesKept`. */
export const openBreaches = () => {
  const found: string[] = []
  return {
    found,
    add: (text: string) => {
      if (found.length < breachesKept) found.push(text)
    },
  }
}
