import { seconds } from "../../units.ts"
import { readTicks } from "./cpu.ts"
import type { PeerAnswer } from "./peer.ts"
import { measure, pairOf, repeat, type Measured, type Pair } from "./round.ts"
import { spawnSelf, type Spawned } from "./spawned.ts"

export type Goal = { what: string; target: number; storeOperationsMax: number }
/** One path beside the bare server; `storeOperations` are Redis commands per request beyond the idle ones, those inside scripts too. */
export type Figure = Goal & { pairs: Pair[]; storeOperations: number }

export type ComparisonParts = {
  wrk: string
  server: Spawned
  storeCalls: () => Promise<number>
  rounds: number
  length: number
  say: (line: string) => void
}

export type Round = (secondsLong: number) => Promise<{ ours: Measured; accepted: number; script?: string }>

/** Measures ours and the bare server in turn, both warm, both with the same requests and answers. */
export const compare = async (
  parts: ComparisonParts,
  goal: Goal,
  answer: PeerAnswer,
  round: Round,
): Promise<Figure> => {
  const { rounds, length, say } = parts
  const idlePerSecond = await idleCalls(parts)
  say(`${goal.what}: ${rounds} rounds of ${length} s against the bare server`)
  const bare = await spawnSelf(["bench-peer"], { input: JSON.stringify(answer) })
  let [calls, requests] = [0, 0]
  const pair = async (secondsLong: number) => {
    const seen = await measurePair(parts, bare, round, secondsLong)
    calls += seen.calls - (idlePerSecond * seen.tookMs) / 1000
    requests += seen.pair.ours.requests
    return seen.pair
  }
  try {
    await pair(warmSeconds)
    const pairs = await repeat(
      rounds,
      () => pair(length),
      (each, flaw) => say(lineOf(each, flaw)),
    )
    return { ...goal, pairs, storeOperations: Math.max(0, calls) / Math.max(1, requests) }
  } finally {
    await bare.stop()
  }
}
const warmSeconds = 2

/** As many as come at once when a sale opens; the bare server has the same. */
export const connections = 512

const idleCalls = async ({ storeCalls }: ComparisonParts) => {
  const before = await storeCalls()
  await Bun.sleep(seconds(3))
  return ((await storeCalls()) - before) / 3
}

const measurePair = async (parts: ComparisonParts, bare: Spawned, round: Round, secondsLong: number) => {
  const [before, began] = [await parts.storeCalls(), performance.now()]
  const { ours, accepted, script } = await round(secondsLong)
  const calls = (await parts.storeCalls()) - before
  const tookMs = performance.now() - began
  await settled(parts.server)
  const load = { url: bare.url, seconds: secondsLong, connections, script }
  return { pair: pairOf(ours, await measure(parts.wrk, load, bare.pid), accepted), calls, tookMs }
}

/** Writes left behind by one load must not slow down the next. */
export const settled = async ({ pid }: Spawned) => {
  for (let left = settleTries; left > 0; left--) {
    const before = await readTicks(pid)
    await Bun.sleep(250)
    const after = await readTicks(pid)
    if (after.server + after.stores - before.server - before.stores <= quietTicks) return
  }
}
/** Of 25 that pass on a core in a quarter of a second: what a few idle sales stay below. */
const quietTicks = 4
const settleTries = 40

const lineOf = ({ ours, bare, accepted, ratio }: Pair, flaw: string | undefined) =>
  `  ${(ours.perSecond * accepted).toFixed(0)}/s against ${bare.perSecond.toFixed(0)}/s = ${ratio.toFixed(2)}` +
  `${accepted < 1 ? `, ${((1 - accepted) * 100).toFixed(2)} % refused` : ""}${flaw === undefined ? "" : ` (discarded: ${flaw})`}`
