/** What seldom happens and must have happened in a run: a model that was never asked proves nothing. */
export const rareStates = [
  "the store was lost while somebody held a seat",
  "the store was lost while joins were not in the journal",
  "the store was lost with an admission that the journal had not",
  "the store and the process were lost, and a receipt brought a place back",
  "an admission was put back by its shopper",
  "an admission came back from the journal alone",
  "Redis was killed while somebody shopped",
  "the process ended while somebody held a seat",
  "Postgres was away while somebody held a seat",
  "a room stayed closed because Postgres was away",
  "an order was paid after the store had been lost",
  "a hold ran out and was given back",
  "a hold was extended over an outage",
  "a process with a wrong clock did not lead",
  "a clock stepped while somebody shopped",
  "somebody missed a turn and was called again",
  "somebody was called a second time",
  "the waiting room was full",
  "the sale was sold out",
  "calls and admissions were moved by the time that was lost",
  "a token was good beyond its end",
] as const
export type Rare = (typeof rareStates)[number]

/** What some seeds already meet. */
export const oftenMet: readonly Rare[] = [
  "the store was lost while somebody held a seat",
  "the store was lost while joins were not in the journal",
  "Redis was killed while somebody shopped",
  "the process ended while somebody held a seat",
  "a room stayed closed because Postgres was away",
  "an order was paid after the store had been lost",
  "a process with a wrong clock did not lead",
  "a hold ran out and was given back",
  "a hold was extended over an outage",
  "an admission came back from the journal alone",
  "somebody missed a turn and was called again",
]

export const openRare = () => {
  const counts = new Map<Rare, number>()
  return {
    met: (state: Rare, isSo: unknown = true) => void (isSo && counts.set(state, (counts.get(state) ?? 0) + 1)),
    missing: (wanted: readonly Rare[]) => wanted.filter((each) => !counts.has(each)),
    table: () => rareStates.map((each) => `${String(counts.get(each) ?? 0).padStart(7)}  ${each}`).join("\n"),
  }
}
export type RareStates = ReturnType<typeof openRare>
