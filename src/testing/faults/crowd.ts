import { firstComeFirstServed } from "../../lab/audit/joins.ts"
import { emptyHistory } from "../../lab/model/history.ts"
import { epochMs } from "../../units.ts"
import { admissionIdIn } from "./tokens.ts"
import type { lookAt } from "./store-look.ts"
import type { Answer, Fan, World } from "../world.ts"

type Told = { position: number; receipt: string; asked: number; answered: number }

type Crowd = {
  sale: string
  fans: Fan[]
  joinEvery: number
  buys: boolean
  /** Each node, and what ends requests to it when nobody waits for it any more. */
  living: Map<World, PromiseWithResolvers<undefined>>
  isOneNode: boolean
  told: Map<Fan, Told>
  admitted: Map<Fan, { token: string; at: number }>
  tickets: Map<Fan, string[]>
  buying: Promise<void>[]
  wrong: string[]
  joins: { at: number; status: number }[]
  polls: { at: number; status: number }[]
  served: number
  broken: number
  over: boolean
}

/**
 * People who keep coming and keep asking, on any of the given nodes. Everything that must never happen to them is collected:
 * `odd` answers, positions that `moved`, people that are `lost`, a now_serving that goes `back`, and admissions that change.
 * `broken` are requests without an answer.
 */
export const openCrowd = (nodes: World[], sale: string, fans: Fan[], { joinEvery = 20, buys = false } = {}) => {
  const crowd: Crowd = {
    sale,
    fans,
    joinEvery,
    buys,
    living: new Map(nodes.map((node) => [node, Promise.withResolvers<undefined>()])),
    isOneNode: nodes.length === 1,
    told: new Map(),
    admitted: new Map(),
    tickets: new Map(),
    buying: [],
    wrong: [],
    joins: [],
    polls: [],
    served: 0,
    broken: 0,
    over: false,
  }
  const working = [joiner(crowd), poller(crowd), poller(crowd), poller(crowd)]
  return {
    told: crowd.told,
    admitted: crowd.admitted,
    tickets: crowd.tickets,
    wrong: crowd.wrong,
    /** How often something happened since then, in milliseconds of performance.now(). */
    since: (at: number) => since(crowd, at),
    broken: () => crowd.broken,
    /** As a balancer does: nobody goes to that node any more, and what was under way there has no known end. */
    avoid: (node: World) => {
      crowd.living.get(node)?.resolve(undefined)
      crowd.living.delete(node)
    },
    trust: (node: World) => crowd.living.set(node, Promise.withResolvers()),
    /** Ends it, asks for everybody once more, and tells what was wrong. */
    end: () => end(crowd, working),
    /** What the audit finds. Whose call was lost with Redis comes, and is called again. */
    breaches: (stores: ReturnType<typeof lookAt>) => breaches(crowd, stores),
  }
}

const joiner = async (crowd: Crowd) => {
  for (const fan of crowd.fans) {
    const asked = performance.now()
    while (!crowd.over && !(await join(crowd, fan, asked))) await Bun.sleep(50)
    if (crowd.over) return
    await Bun.sleep(crowd.joinEvery)
  }
}

const poller = async (crowd: Crowd) => {
  while (!crowd.over) {
    const known = [...crowd.told.keys()]
    const fan = known[Math.floor(Math.random() * known.length)]
    if (fan) await poll(crowd, fan)
    await Bun.sleep(5)
  }
}

const join = async (crowd: Crowd, fan: Fan, asked: number) => {
  const { told, wrong } = crowd
  const answer = await attempt(crowd, "join", (node) => joinWith(node, crowd.sale, fan, told.get(fan)?.receipt))
  if (answer) crowd.joins.push({ at: performance.now(), status: answer.status })
  if (answer?.status !== 200 && answer?.status !== 201) return false
  const { position, receipt } = answer.body as { position: number; receipt: string }
  const before = told.get(fan)
  if (before && before.position !== position)
    wrong.push(`moved: ${before.position} became ${position} by joining again`)
  if (!before) told.set(fan, { position, receipt, asked, answered: performance.now() })
  return true
}

const poll = async (crowd: Crowd, fan: Fan) => {
  const { told, wrong } = crowd
  const reachedBefore = crowd.served
  const answer = await attempt(crowd, "status", (node) => node.status(crowd.sale, fan))
  if (answer) crowd.polls.push({ at: performance.now(), status: answer.status })
  if (answer?.status === 404) wrong.push(`lost: position ${told.get(fan)?.position} is ${answer.body.code}`)
  if (answer?.status !== 200) return
  if (answer.body.position !== told.get(fan)!.position)
    wrong.push(`moved: ${told.get(fan)!.position} became ${answer.body.position}`)
  const reached = answer.body.now_serving as number
  // Another node may be one tick behind.
  if (crowd.isOneNode && reached < reachedBefore) wrong.push(`back: now_serving ${reachedBefore} became ${reached}`)
  crowd.served = Math.max(crowd.served, reached)
  if (answer.body.admitted) comeIn(crowd, fan, answer.body.admission_token as string)
}

const comeIn = (crowd: Crowd, fan: Fan, token: string) => {
  const before = crowd.admitted.get(fan)
  if (before && admissionIdIn(before.token) !== admissionIdIn(token))
    crowd.wrong.push(`readmitted: ${crowd.told.get(fan)!.position} has another admission`)
  crowd.admitted.set(fan, { token, at: before?.at ?? performance.now() })
  if (crowd.buys && !before) crowd.buying.push(buy(crowd, fan, token))
}

const buy = async (crowd: Crowd, fan: Fan, token: string) => {
  const { sale } = crowd
  const hold = await repeated(crowd, "hold", (node, key) =>
    node.hold(sale, token, { quantity: 1, idempotency_key: key }),
  )
  const order = await repeated(crowd, "checkout", (node, key) =>
    node.checkout(sale, token, { hold_id: hold.body.hold_id, idempotency_key: key }),
  )
  crowd.tickets.set(fan, order.body.ticket_ids as string[])
}

/** Each step is repeated with its key until it is answered. */
const repeated = async (crowd: Crowd, what: string, send: (node: World, key: string) => Promise<Answer>) => {
  const key = crypto.randomUUID()
  for (let left = 200; left > 0; left--) {
    const answer = await attempt(crowd, what, (node) => send(node, key))
    if (answer?.status === 200) return answer
    if (answer && answer.status !== 503 && answer.status !== 409)
      crowd.wrong.push(`unsold: ${what} answered ${answer.status} ${answer.text}`)
    await Bun.sleep(100)
  }
  throw new Error(`${what} was not answered within 20 s`)
}

const attempt = async (crowd: Crowd, what: string, send: (node: World) => Promise<Answer>) => {
  const [node, gone] = [...crowd.living][Math.floor(Math.random() * crowd.living.size)]!
  const got = await Promise.race([gone.promise, send(node).catch(() => undefined)])
  if (got === undefined) crowd.broken += crowd.living.has(node) ? 1 : 0
  else if (isOdd(got)) crowd.wrong.push(`odd: ${what} answered ${got.status} ${got.text.slice(0, 200)}`)
  return got
}

const since = ({ joins, polls, admitted }: Crowd, at: number) => ({
  joined: joins.filter((each) => each.at > at && each.status < 300).length,
  polled: polls.filter((each) => each.at > at && each.status < 300).length,
  admitted: [...admitted.values()].filter((each) => each.at > at).length,
})

const end = async (crowd: Crowd, working: Promise<void>[]): Promise<string[]> => {
  crowd.over = true
  await Promise.all(working)
  await Promise.all(crowd.buying)
  for (const fan of crowd.told.keys()) {
    await join(crowd, fan, 0)
    await poll(crowd, fan)
  }
  return [...crowd.wrong, ...inversions(crowd.told)]
}

const breaches = async (crowd: Crowd, stores: ReturnType<typeof lookAt>): Promise<string[]> => {
  for (let left = 20; ; left--) {
    const found = await stores.breaches(crowd.sale)
    if (found.length === 0 || left === 0) return found
    for (const fan of crowd.told.keys()) await poll(crowd, fan)
  }
}

/** Whoever was answered before another asked is ahead of them, and no position is given twice. */
const inversions = (told: Map<Fan, Told>): string[] => {
  const joins = [...told].map(([fan, { asked, answered, position }]) => ({
    account: fan.userId,
    sent: epochMs(asked),
    received: epochMs(answered),
    status: 201,
    position,
  }))
  const { passed, counterExample } = firstComeFirstServed({ ...emptyHistory(), joins })
  const twice = joins.length - new Set(joins.map((each) => each.position)).size
  const overtaken = passed ? [] : [`overtaken: ${counterExample}`]
  return twice === 0 ? overtaken : [...overtaken, `${twice} positions were given twice`]
}

/** Neither 2xx, nor 4xx, nor 503 with Retry-After. */
export const isOdd = ({ status, headers }: Answer) =>
  !(
    (status >= 200 && status < 300) ||
    (status >= 400 && status < 500) ||
    (status === 503 && Number(headers.get("retry-after")) > 0)
  )

export const joinWith = (world: World, sale: string, fan: Fan, receipt?: string) =>
  world.request("POST", `/v1/sales/${sale}/waiting-room/join`, {
    headers: world.bearer(fan),
    body: receipt && { receipt },
  })

export const leave = (world: World, sale: string, token: string) =>
  world.request("DELETE", `/v1/sales/${sale}/admission`, { headers: world.admission(token) })
