import type { Millis } from "../../units.ts"

export type Stages = {
  /** Afterwards everybody goes to a second sale of the same event; each of the two has half of the run's time. */
  secondSale?: true
  /** A part of the people comes from a second k6, with addresses of its own, released together with the public. */
  network?: { addresses: string; peopleOf: (people: number) => number }
  /** The share of the steady phase after which a private server is started anew. */
  restartAt?: number
  /** How long an admission of the other sale lasts, where it has to end during the run. */
  otherAdmission?: Millis
  /** The rate is raised step by step until the server gives way; the answer is a number. */
  capacity?: true
}
