/**
 * Everything that the lab checks besides the thresholds of k6, which are called "k6" and their metric. An I with a number names the
 * invariant. A check with another name does not compile, and one without a seeded defect in src/testing fails the suite.
 */
export const checkNames = [
  "I1 seats sold once",
  "I2 sold within seats",
  "I3 orders kept",
  "I4 payments match orders",
  "I5 joins kept",
  "I5 positions steady",
  "I5 positions dense",
  "I5 journal complete",
  "I5 place kept on reconnect",
  "I6 first come, first served",
  "I6 first wave first",
  "I6 called in order",
  "I6 admitted when called",
  "I6 nobody overtaken",
  "I6 places given anew",
  "I6 groups in order",
  "I7 keys act once",
  "I8 bought while admitted",
  "I8 no way in",
  "I8 first sale worth nothing",
  "I9 caps kept",
  "I9 one hold each",
  "I10 shoppers within capacity",
  "I10 places promised once",
  "I10 calls within pace",
  "I10 nobody called while paused",
  "I12 expired holds released",
  "second sale as quick",
  "Bots gain nothing",
  "Nobody blocked for others",
  "Tickets stay with the buyer",
  "Soak memory of the server",
  "Soak connections to Postgres",
  "Server restarted in the middle",
  "Capacity found",
] as const
export type CheckName = (typeof checkNames)[number]
type Name = CheckName | `k6 ${string}`

/** One thing that had to hold. A check that could not be judged neither passed nor failed the run. */
export type Check = {
  name: string
  passed: boolean
  judged: boolean
  expected: string
  seen: string
  counterExample?: string
  /** Not judged because too little came together, although the run is about it: no PASS without it. */
  tooFew?: true
}

/** `seen` says how much was looked at, so that a check on nothing shows. */
export const passes = (name: Name, expected: string, seen: string): Check => ({
  name,
  passed: true,
  judged: true,
  expected,
  seen,
})

export const fails = (name: Name, expected: string, seen: string, counterExample: string): Check => ({
  name,
  passed: false,
  judged: true,
  expected,
  seen,
  counterExample,
})

export const checkOf = (name: Name, expected: string, lookedAt: string, breaches: string[]): Check =>
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

export const openBreaches = () => {
  const found: string[] = []
  return {
    found,
    add: (text: string) => {
      if (found.length < breachesKept) found.push(text)
    },
  }
}
