import { openClock, type Clock } from "./clock.ts"
import { newLooks, offsetsFrom, readAll, untilTwoAgree, type Looks, type LooksParts } from "./clock-looks.ts"
import { Fault } from "./fault.ts"
import { openLoop } from "./loop.ts"
import type { Metrics } from "./metrics.ts"
import { agreementMax, isNear, wordsFor, type Reading, type Teller } from "./tellers.ts"
import { epochMs, seconds, type EpochMs, type Millis } from "./units.ts"

type AgreedClockParts = LooksParts & {
  /** By which time another node leads. */
  leader?: () => Promise<number | undefined>
  metrics?: Pick<Metrics, "clockOffset">
  every?: Millis
  /** For the first agreement. */
  patience?: Millis
}

/** Asked before anything is moved by the time: a room, a hold. */
export type TimeCheck = {
  isTrusted(): boolean
  /** What Postgres says the time is, as of the last look; where all clocks stepped together, what it would say without. */
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
 * A node whose machine was wrong at the start, or with which no store agrees any more, does not lead. One that stood still, so
 * that all three clocks and the leader are elsewhere, starts anew at their time.
 * @throws Refusal (missing) when no two clocks agree within `patience`.
 */
export const openAgreedClock = async (parts: AgreedClockParts): Promise<AgreedClock> => {
  const { every = seconds(3), patience = seconds(20) } = parts
  const looks = newLooks(parts)
  await untilTwoAgree(looks, patience)
  const node = newNode(parts, looks)
  judge(node)
  const look = async () => {
    await readAll(node)
    if (await stoodStill(node)) catchUp(node)
    judge(node)
  }
  const loop = openLoop({ name: "clock", every, work: look, log: parts.log, first: "pause" })

  return {
    clock: () => node.clock(),
    decisive: () => {
      if (!node.isAgreed) throw new Fault("clock_off", node.reason)
      return node.clock()
    },
    isTrusted: () => node.isTrusted,
    postgresTime: () => postgresTime(node),
    state: () => stateOf(node),
    look,
    start: loop.start,
    stop: loop.stop,
  }
}

type Node = Looks &
  Pick<AgreedClockParts, "leader" | "metrics"> & {
    clock: Clock
    /** Until its machine is right. */
    startedWrong: boolean
    isAgreed: boolean
    /** This machine and a store, while the node ran. */
    steppedTogether: boolean
    isTrusted: boolean
    /** Which clocks are off and by how much; empty when none is. */
    reason: string
    /** What was logged last. */
    told: string
  }

const newNode = ({ leader, metrics }: AgreedClockParts, looks: Looks): Node => {
  const clock = clockAt(looks)
  const startedWrong = !isNear(looks.readings.get("machine")! - looks.middle)
  return Object.assign(looks, {
    leader,
    metrics,
    clock,
    startedWrong,
    isAgreed: true,
    steppedTogether: false,
    isTrusted: true,
    reason: "",
    told: "",
  })
}

/** Only small moves of the middle are followed. */
const clockAt = (looks: Looks) => openClock(() => looks.monotonic() + looks.middle, looks.monotonic, agreementMax)

/** As a paused virtual machine does. Where all clocks stepped and the leader did not, nothing is followed. */
const stoodStill = async (node: Node) => {
  const offsets = offsetsFrom(node, node.clock() - node.monotonic())
  const told = await (offsets.some(({ at }) => isNear(at)) ? undefined : node.leader?.().catch(() => undefined))
  return told !== undefined && offsets.every(({ at }) => isNear(at + node.clock() - told))
}

const catchUp = (node: Node) => {
  const before = node.clock()
  node.clock = clockAt(node)
  node.log.warn(
    { offset_ms: node.clock() - before },
    "this node stood still, or a clock that all had agreed on was set right: it goes on by the time of the leader and the stores",
  )
}

const judge = (node: Node) => {
  const offsets = offsetsFrom(node, node.clock() - node.monotonic())
  const machine = offsets.find(({ teller }) => teller === "machine")!
  if (isNear(machine.at)) node.startedWrong = false
  const stores = offsets.filter(({ teller }) => teller !== "machine")
  const hasStore = stores.some(({ at }) => isNear(at))
  node.steppedTogether = !hasStore && !isNear(machine.at) && stores.some(({ at }) => isNear(at - machine.at))
  node.isAgreed = hasStore || node.steppedTogether
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

const postgresTime = ({ steppedTogether, clock, readings, monotonic }: Node): EpochMs | undefined => {
  if (steppedTogether) return clock()
  const reading = readings.get("postgres")
  return reading === undefined ? undefined : epochMs(Math.floor(monotonic() + reading))
}

const stateOf = (node: Node): ClockState => {
  const offsets = offsetsFrom(node, node.clock() - node.monotonic())
  return {
    trusted: node.isTrusted,
    reason: node.reason || null,
    offset_ms: Object.fromEntries(offsets.map(({ teller, at }) => [teller, at])),
  }
}
