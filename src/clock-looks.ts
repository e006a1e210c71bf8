import { wallClock } from "./clock.ts"
import { Refusal } from "./exit.ts"
import type { Log } from "./log.ts"
import { middleOf, tellers, wordsFor, type Reading, type Teller } from "./tellers.ts"
import { millis, seconds, type Millis } from "./units.ts"

type Store = Exclude<Teller, "machine">

export type LooksParts = {
  stores: Record<Store, () => Promise<number>>
  log: Log
  machine?: () => number
  monotonic?: () => number
  /** A store that takes longer says nothing about the time. */
  within?: Millis
}

/** What the clocks said when they were asked last. */
export type Looks = LooksParts & {
  machine: () => number
  monotonic: () => number
  within: Millis
  /** Each counted from the monotonic clock, as of its last answer: one that does not answer is taken to count on. */
  readings: Map<Teller, number>
  middle: number
}

export const newLooks = (parts: LooksParts): Looks => ({
  ...parts,
  machine: parts.machine ?? wallClock,
  monotonic: parts.monotonic ?? (() => performance.now()),
  within: parts.within ?? seconds(2),
  readings: new Map(),
  middle: 0,
})

/** @throws Refusal (missing) when no two clocks agree within `patience`. */
export const untilTwoAgree = async (looks: Looks, patience: Millis): Promise<void> => {
  const until = looks.monotonic() + patience
  for (;;) {
    await readAll(looks)
    const isLate = looks.monotonic() >= until
    const isAgreed = middleOf(readingsIn(looks)) !== undefined
    if (isAgreed && (isLate || looks.readings.size === tellers.length)) return
    const said = wordsFor(offsetsFrom(looks, looks.readings.get("machine")!)) || "no store says what time it is"
    if (isLate)
      throw new Refusal("missing", `No two clocks agree on the time: ${said}. Set them right (NTP), then start again`)
    looks.log.warn({ detail: said }, "this node waits until two clocks agree on the time")
    await Bun.sleep(retryEvery)
  }
}

export const readAll = async (looks: Looks) => {
  looks.readings.set("machine", looks.machine() - looks.monotonic())
  await Promise.all([readStore(looks, "redis"), readStore(looks, "postgres")])
  looks.middle = middleOf(readingsIn(looks)) ?? looks.middle
}

/** The answer is of the middle of its round trip. */
const readStore = async ({ stores, monotonic, within, readings }: Looks, store: Store) => {
  const asked = monotonic()
  const said = await Promise.race([stores[store]().catch(() => undefined), Bun.sleep(within)])
  const answered = monotonic()
  if (typeof said === "number") readings.set(store, said - (asked + answered) / 2)
}

const readingsIn = ({ readings }: Looks): Reading[] =>
  tellers.filter((teller) => readings.has(teller)).map((teller) => ({ teller, at: readings.get(teller)! }))

export const offsetsFrom = (looks: Looks, origin: number): Reading[] =>
  readingsIn(looks).map(({ teller, at }) => ({ teller, at: Math.round(at - origin) }))

const retryEvery = millis(500)
