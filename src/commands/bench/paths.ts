import { seconds } from "../../units.ts"
import { compare, connections, settled, type ComparisonParts, type Figure, type Goal } from "./comparison.ts"
import { joinAll, writeScript, type Crowd } from "./crowd.ts"
import { ownHeaders, type PeerAnswer } from "./peer.ts"
import { measure, type Measured } from "./round.ts"

type PathsParts = ComparisonParts & {
  folder: string
  crowd: Crowd
  openRoom: () => Promise<string>
}

const goals = {
  status: { what: "status of a waiting account", target: 0.6, storeOperationsMax: 0.001 },
  board: { what: "board", target: 0.85, storeOperationsMax: 0.001 },
  firstJoin: { what: "first join, fsynced", target: 0.35, storeOperationsMax: 1 },
} satisfies Record<string, Goal>

export const compareStatus = async (parts: PathsParts): Promise<Figure> => {
  parts.say(`Preparing ${pollers} waiting accounts`)
  const room = await parts.openRoom()
  const tokens = await parts.crowd.take(pollers)
  await joinAll(room, tokens)
  await settled(parts.server)
  const script = await writeScript(parts.folder, "GET", tokens)
  const answer = await answerOf(`${room}/status`, { headers: { authorization: `Bearer ${tokens[0]}` } })
  return compare(parts, goals.status, answer, async (secondsLong) => {
    const ours = await load(parts, `${room}/status`, secondsLong, script)
    return { ours, accepted: acceptedOf(ours, 0), script }
  })
}
/** More than the fastest allowed poll of one account needs, so that no poll of the measurement is refused. */
const pollers = 20_000

export const compareBoard = async (parts: PathsParts): Promise<Figure> => {
  const room = await parts.openRoom()
  await Bun.sleep(seconds(1))
  return compare(parts, goals.board, await answerOf(`${room}/board`, {}), async (secondsLong) => {
    const ours = await load(parts, `${room}/board`, secondsLong)
    return { ours, accepted: acceptedOf(ours, 0) }
  })
}

/** Each round is the first of its sale, with accounts that the server has never seen. */
export const compareFirstJoins = async (parts: PathsParts): Promise<Figure> => {
  const { crowd, openRoom, server } = parts
  parts.say("Signing the tokens of the joins")
  const [token] = await crowd.take(1)
  const answer = await answerOf(`${await openRoom()}/join`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  })
  return compare(parts, goals.firstJoin, answer, async (secondsLong) => {
    const count = joinsPerSecondMax * secondsLong
    const { script, used } = await crowd.script("POST", count)
    const room = await openRoom()
    const again = await joinsAgain(server.url)
    const ours = await load(parts, `${room}/join`, secondsLong, script)
    if (ours.requests + connections >= count) throw new Error(`${count} tokens were not enough for one round`)
    used(ours.requests + connections)
    return { ours, accepted: acceptedOf(ours, (await joinsAgain(server.url)) - again), script }
  })
}
const joinsPerSecondMax = 45_000

const load = ({ wrk, server }: PathsParts, url: string, secondsLong: number, script?: string) =>
  measure(wrk, { url, seconds: secondsLong, connections, script }, server.pid)

const acceptedOf = ({ requests, refused, broken }: Measured, others: number) =>
  1 - (refused + broken + others) / Math.max(1, requests)

const joinsAgain = async (url: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^traffic_joins_again_total (\d+)/m.exec(text)?.[1] ?? 0)
}

const answerOf = async (url: string, request: RequestInit): Promise<PeerAnswer> => {
  const answer = await fetch(url, request)
  const body = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${body}`)
  return { status: answer.status, headers: ownHeaders(answer.headers), body }
}
