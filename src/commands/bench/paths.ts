import { seconds } from "../../units.ts"
import { readTicks } from "./cpu.ts"
import { joinAll, writeScript, type Crowd } from "./crowd.ts"
import { ownHeaders, type PeerAnswer } from "./peer.ts"
import { measure, pairOf, repeat, type Measured, type Pair } from "./round.ts"
import { spawnSelf, type Spawned } from "./spawned.ts"

/** What is measured, and what it must reach. */
type Goal = { what: string; target: number; storeOperationsMax: number }
/** One path beside the bare server; `storeOperations` are Redis commands per request beyond the idle ones, those inside scripts too. */
export type Figure = Goal & { pairs: Pair[]; storeOperations: number }

const goals = {
  status: { what: "status of a waiting account", target: 0.6, storeOperationsMax: 0.001 },
  board: { what: "board", target: 0.85, storeOperationsMax: 0.001 },
  firstJoin: { what: "first join, fsynced", target: 0.35, storeOperationsMax: 1 },
} satisfies Record<string, Goal>

type PathsParts = {
  wrk: string
  folder: string
  server: Spawned
  crowd: Crowd
  /** Makes a sale; answers where its waiting room is. */
  openRoom: () => Promise<string>
  /** Commands that the server's Redis have run since they started. */
  storeCalls: () => Promise<number>
  rounds: number
  /** Of one load. */
  length: number
  say: (line: string) => void
}

/** As many as come at once when a sale opens; the bare server has the same. */
const connections = 512
/** More than the fastest allowed poll of one account needs, so that no poll of the measurement is refused. */
const pollers = 20_000
const joinsPerSecondMax = 45_000
const warmSeconds = 2

/** Measures ours and the bare server in turn, both warm, both with the same requests and answers. */
export const openPaths = (parts: PathsParts) => {
  const { wrk, folder, server, crowd, openRoom, storeCalls, rounds, length, say } = parts

  /** Redis commands per second while nobody asks. */
  const idleCalls = async () => {
    const before = await storeCalls()
    await Bun.sleep(seconds(3))
    return ((await storeCalls()) - before) / 3
  }

  /** Loads ours, and says with which script and which share of the answers counts. */
  type Round = (secondsLong: number) => Promise<{ ours: Measured; accepted: number; script?: string }>

  const loadOurs = (url: string, secondsLong: number, script?: string) =>
    measure(wrk, { url, seconds: secondsLong, connections, script }, server.pid)

  const compare = async (goal: Goal, answer: PeerAnswer, round: Round): Promise<Figure> => {
    const idlePerSecond = await idleCalls()
    say(`${goal.what}: ${rounds} rounds of ${length} s against the bare server`)
    const bare = await spawnSelf(["bench-peer"], { input: JSON.stringify(answer) })
    let [calls, requests] = [0, 0]
    const pair = async (secondsLong: number) => {
      const [before, began] = [await storeCalls(), performance.now()]
      const { ours, accepted, script } = await round(secondsLong)
      calls += (await storeCalls()) - before - (idlePerSecond * (performance.now() - began)) / 1000
      requests += ours.requests
      await settled()
      return pairOf(
        ours,
        await measure(wrk, { url: bare.url, seconds: secondsLong, connections, script }, bare.pid),
        accepted,
      )
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

  /** What a load left to be copied must not burden the next one. */
  const settled = async () => {
    for (let left = settleTries; left > 0; left--) {
      const before = await readTicks(server.pid)
      await Bun.sleep(250)
      const after = await readTicks(server.pid)
      if (after.server + after.stores - before.server - before.stores <= quietTicks) return
    }
  }

  return {
    status: async (): Promise<Figure> => {
      say(`Preparing ${pollers} waiting accounts`)
      const room = await openRoom()
      const tokens = await crowd.take(pollers)
      await joinAll(room, tokens)
      await settled()
      const script = await writeScript(folder, "GET", tokens)
      const answer = await answerOf(`${room}/status`, { headers: { authorization: `Bearer ${tokens[0]}` } })
      return compare(goals.status, answer, async (secondsLong) => {
        const ours = await loadOurs(`${room}/status`, secondsLong, script)
        return { ours, accepted: acceptedOf(ours, 0), script }
      })
    },

    board: async (): Promise<Figure> => {
      const room = await openRoom()
      await Bun.sleep(seconds(1))
      return compare(goals.board, await answerOf(`${room}/board`, {}), async (secondsLong) => {
        const ours = await loadOurs(`${room}/board`, secondsLong)
        return { ours, accepted: acceptedOf(ours, 0) }
      })
    },

    /** Each round is the first of its sale, with accounts that the server has never seen. */
    firstJoins: async (): Promise<Figure> => {
      say("Signing the tokens of the joins")
      const [token] = await crowd.take(1)
      const answer = await answerOf(`${await openRoom()}/join`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      })
      return compare(goals.firstJoin, answer, async (secondsLong) => {
        const count = joinsPerSecondMax * secondsLong
        const { script, used } = await crowd.script("POST", count)
        const room = await openRoom()
        const again = await joinsAgain(server.url)
        const ours = await loadOurs(`${room}/join`, secondsLong, script)
        if (ours.requests + connections >= count) throw new Error(`${count} tokens were not enough for one round`)
        used(ours.requests + connections)
        return { ours, accepted: acceptedOf(ours, (await joinsAgain(server.url)) - again), script }
      })
    },
  }
}

/** Of 25 that pass on a core in a quarter of a second: what a few idle sales stay below. */
const quietTicks = 4
const settleTries = 40

const lineOf = ({ ours, bare, accepted, ratio }: Pair, flaw: string | undefined) =>
  `  ${(ours.perSecond * accepted).toFixed(0)}/s against ${bare.perSecond.toFixed(0)}/s = ${ratio.toFixed(2)}` +
  `${accepted < 1 ? `, ${((1 - accepted) * 100).toFixed(2)} % refused` : ""}${flaw === undefined ? "" : ` (discarded: ${flaw})`}`

const acceptedOf = ({ requests, refused, broken }: Measured, others: number) =>
  1 - (refused + broken + others) / Math.max(1, requests)

/** Joins answered 200 so far, because the account had joined before. */
const joinsAgain = async (url: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^traffic_joins_again_total (\d+)/m.exec(text)?.[1] ?? 0)
}

/** @throws Error when the server does not answer as it does in the measurement */
const answerOf = async (url: string, request: RequestInit): Promise<PeerAnswer> => {
  const answer = await fetch(url, request)
  const body = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${body}`)
  return { status: answer.status, headers: ownHeaders(answer.headers), body }
}
