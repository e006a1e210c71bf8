import { openClock, wallClock, type Clock } from "./clock.ts"
import { Refusal } from "./exit.ts"
import { Fault } from "./fault.ts"
import type { Log } from "./log.ts"
import { openLoop } from "./loop.ts"
import type { Metrics } from "./metrics.ts"
import { agreementMax, isNear, middleOf, wordsFor, type Reading, type Teller } from "./tellers.ts"
import { epochMs, millis, seconds, type EpochMs, type Millis } from "./units.ts"

type Store = Exclude<Teller, "machine">

export type AgreedClockParts = {
  stores: Record<Store, () => Promise<number>>
  log: Log
  metrics?: Pick<Metrics, "clockOffset">
  machine?: () => number
  monotonic?: () => number
  every?: Millis
  /** A store that takes longer says nothing about the time. */
  within?: Millis
  /** For the first agreement. */
  patience?: Millis
}

/** Asked before anything is moved by the time: a room, a hold. */
export type TimeCheck = {
  isTrusted(): boolean
  /** What Postgres says the time is, as of the last look. */
  postgresTime(): EpochMs | undefined
}

export type ClockState = { trusted: boolean; reason: string | null; offset_ms: Partial<Record<Teller, number>> }

export type AgreedClock = TimeCheck & {
  clock: Clock
  /** For what opens, ends or lets in. @throws Fault clock_off while every store says another time. */
  decisive: Clock
  state(): ClockState
  look(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/**
 * The time of this node: at its start the middle of three clocks, its machine's, Redis's and Postgres's, of which two must agree
 * within a minute; from then on what the monotonic clock counts. Drift is followed, a step of any clock is not.
 * A node whose machine was wrong at the start, or with which no store agrees any more, does not lead.
 * @throws Refusal (missing) when no two clocks agree within `patience`.
 */
export const openAgreedClock = async (parts: AgreedClockParts): Promise<AgreedClock> => {
  const { every = seconds(3), patience = seconds(20) } = parts
  const looks = newLooks(parts)
  looks.middle = await firstAgreement(looks, patience)
  const node = newNode(looks)
  judge(node)
  const look = async () => {
    await readAll(node)
    judge(node)
  }
  const loop = openLoop({ name: "clock", every, work: look, log: parts.log, first: "pause" })

  return {
    clock: node.clock,
    decisive: () => {
      if (!node.isAgreed) throw new Fault("clock_off", node.reason)
      return node.clock()
    },
    isTrusted: () => node.isTrusted,
    postgresTime: () => {
      const reading = node.readings.get("postgres")
      return reading === undefined ? undefined : epochMs(Math.floor(node.monotonic() + reading))
    },
    state: () => stateOf(node),
    look,
    start: loop.start,
    stop: loop.stop,
  }
}

type Looks = AgreedClockParts & {
  machine: () => number
  monotonic: () => number
  within: Millis
  /** Each counted from the monotonic clock, as of its last answer: one that does not answer is taken to count on. */
  readings: Map<Teller, number>
  middle: number
}

const newLooks = (parts: AgreedClockParts): Looks => ({
  ...parts,
  machine: parts.machine ?? wallClock,
  monotonic: parts.monotonic ?? (() => performance.now()),
  within: parts.within ?? seconds(2),
  readings: new Map(),
  middle: 0,
})

const firstAgreement = async (looks: Looks, patience: Millis): Promise<number> => {
  const until = looks.monotonic() + patience
  for (;;) {
    await readAll(looks)
    const isLate = looks.monotonic() >= until
    const middle = middleOf(readingsIn(looks))
    if (middle !== undefined && (isLate || looks.readings.size === tellersMax)) return middle
    const said = wordsFor(offsetsFrom(looks, looks.readings.get("machine")!)) || "no store says what time it is"
    if (isLate)
      throw new Refusal("missing", `No two clocks agree on the time: ${said}. Set them right (NTP), then start again`)
    looks.log.warn({ detail: said }, "this node waits until two clocks agree on the time")
    await Bun.sleep(retryEvery)
  }
}

type Node = Looks & {
  clock: Clock
  /** Until its machine is right. */
  startedWrong: boolean
  isAgreed: boolean
  isTrusted: boolean
  /** Which clocks are off and by how much; empty when none is. */
  reason: string
  /** What was logged last. */
  told: string
}

const newNode = (looks: Looks): Node => {
  const clock = openClock(() => looks.monotonic() + looks.middle, looks.monotonic, agreementMax)
  const startedWrong = !isNear(looks.readings.get("machine")! - looks.middle)
  return Object.assign(looks, { clock, startedWrong, isAgreed: true, isTrusted: true, reason: "", told: "" })
}

const readAll = async (looks: Looks) => {
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

const readingsIn = ({ readings }: Looks): Reading[] => [...readings].map(([teller, at]) => ({ teller, at }))

const offsetsFrom = (looks: Looks, origin: number): Reading[] =>
  readingsIn(looks).map(({ teller, at }) => ({ teller, at: Math.round(at - origin) }))

const judge = (node: Node) => {
  const offsets = offsetsFrom(node, node.clock() - node.monotonic())
  const machine = offsets.find(({ teller }) => teller === "machine")!
  if (isNear(machine.at)) node.startedWrong = false
  // A store agrees, or stepped together with this machine, which is not followed before the next start.
  node.isAgreed = offsets.some(
    ({ teller, at }) => teller !== "machine" && (isNear(at) || (!isNear(machine.at) && isNear(at - machine.at))),
  )
  node.isTrusted = node.isAgreed && !node.startedWrong
  node.reason = wordsFor(offsets)
  for (const { teller, at } of offsets) node.metrics?.clockOffset.set({ store: teller }, at / 1000)
  tell(node, offsets)
}

const tell = (node: Node, offsets: Reading[]) => {
  const wrong = offsets.filter(({ at }) => !isNear(at)).map(({ teller }) => teller)
  const told = node.isTrusted ? wrong.join() : `${wrong} untrusted`
  if (told === node.told) return
  node.told = told
  const { log, reason: detail } = node
  if (told === "") log.info({}, "the clocks agree again: this node is ready and may lead")
  else if (node.isTrusted) log.warn({ detail }, "a clock is off by more than a minute: this node does not follow it")
  else log.error({ detail }, "this node's clock is not trusted: it is not ready and does not lead")
}

const stateOf = (node: Node): ClockState => {
  const offsets = offsetsFrom(node, node.clock() - node.monotonic())
  return {
    trusted: node.isTrusted,
    reason: node.reason || null,
    offset_ms: Object.fromEntries(offsets.map(({ teller, at }) => [teller, at])),
  }
}

const tellersMax = 3
const retryEvery = millis(500)
