import type { lookAt } from "./store-look.ts"
import type { Answer, Fan, World } from "../world.ts"

type Told = { position: number; receipt: string; asked: number; answered: number }

/**
 * People who keep coming and keep asking, on any of the given nodes. Everything that must never happen to them is collected:
 * `odd` answers, positions that `moved`, people that are `lost`, a now_serving that goes `back`, and admissions that change.
 * `broken` are requests without an answer.
 */
export const openCrowd = (nodes: World[], sale: string, fans: Fan[], { joinEvery = 20, buys = false } = {}) => {
  const told = new Map<Fan, Told>()
  const admitted = new Map<Fan, { token: string; at: number }>()
  const wrong: string[] = []
  const joins: { at: number; status: number }[] = []
  const polls: { at: number; status: number }[] = []
  const tickets = new Map<Fan, string[]>()
  const buying: Promise<void>[] = []
  const living = new Map(nodes.map((node) => [node, Promise.withResolvers<undefined>()]))
  let served = 0
  let broken = 0
  let over = false
  const attempt = async (what: string, send: (node: World) => Promise<Answer>) => {
    const [node, gone] = [...living][Math.floor(Math.random() * living.size)]!
    const got = await Promise.race([gone.promise, send(node).catch(() => undefined)])
    if (got === undefined) broken += living.has(node) ? 1 : 0
    else if (isOdd(got)) wrong.push(`odd: ${what} answered ${got.status} ${got.text.slice(0, 200)}`)
    return got
  }
  const join = async (fan: Fan, asked: number) => {
    const answer = await attempt("join", (node) => joinWith(node, sale, fan, told.get(fan)?.receipt))
    if (answer) joins.push({ at: performance.now(), status: answer.status })
    if (answer?.status !== 200 && answer?.status !== 201) return false
    const before = told.get(fan)
    if (before && before.position !== answer.body.position)
      wrong.push(`moved: ${before.position} became ${answer.body.position} by joining again`)
    if (!before)
      told.set(fan, {
        position: answer.body.position,
        receipt: answer.body.receipt,
        asked,
        answered: performance.now(),
      })
    return true
  }
  const poll = async (fan: Fan) => {
    const reachedBefore = served
    const answer = await attempt("status", (node) => node.status(sale, fan))
    if (answer) polls.push({ at: performance.now(), status: answer.status })
    if (answer?.status === 404) wrong.push(`lost: position ${told.get(fan)?.position} is ${answer.body.code}`)
    if (answer?.status !== 200) return
    if (answer.body.position !== told.get(fan)!.position)
      wrong.push(`moved: ${told.get(fan)!.position} became ${answer.body.position}`)
    const reached = answer.body.now_serving as number
    // Another node may be one tick behind.
    if (nodes.length === 1 && reached < reachedBefore)
      wrong.push(`back: now_serving ${reachedBefore} became ${reached}`)
    served = Math.max(served, reached)
    if (!answer.body.admitted) return
    const token = answer.body.admission_token as string
    const before = admitted.get(fan)
    if (before && admissionIdIn(before.token) !== admissionIdIn(token))
      wrong.push(`readmitted: ${told.get(fan)!.position} has another admission`)
    admitted.set(fan, { token, at: before?.at ?? performance.now() })
    if (buys && !before) void buying.push(buy(fan, token))
  }
  /** Each step is repeated with its key until it is answered. */
  const buy = async (fan: Fan, token: string) => {
    const repeated = async (what: string, send: (node: World, key: string) => Promise<Answer>) => {
      const key = crypto.randomUUID()
      for (let left = 200; left > 0; left--) {
        const answer = await attempt(what, (node) => send(node, key))
        if (answer?.status === 200) return answer
        if (answer && answer.status !== 503 && answer.status !== 409)
          wrong.push(`unsold: ${what} answered ${answer.status} ${answer.text}`)
        await Bun.sleep(100)
      }
      throw new Error(`${what} was not answered within 20 s`)
    }
    const hold = await repeated("hold", (node, key) => node.hold(sale, token, { quantity: 1, idempotency_key: key }))
    const order = await repeated("checkout", (node, key) =>
      node.checkout(sale, token, { hold_id: hold.body.hold_id, idempotency_key: key }),
    )
    tickets.set(fan, order.body.ticket_ids)
  }
  const joiner = async () => {
    for (const fan of fans) {
      const asked = performance.now()
      while (!over && !(await join(fan, asked))) await Bun.sleep(50)
      if (over) return
      await Bun.sleep(joinEvery)
    }
  }
  const poller = async () => {
    while (!over) {
      const known = [...told.keys()]
      const fan = known[Math.floor(Math.random() * known.length)]
      if (fan) await poll(fan)
      await Bun.sleep(5)
    }
  }
  const working = [joiner(), poller(), poller(), poller()]
  return {
    told,
    admitted,
    tickets,
    wrong,
    /** How often something happened since then, in milliseconds of performance.now(). */
    since: (at: number) => ({
      joined: joins.filter((each) => each.at > at && each.status < 300).length,
      polled: polls.filter((each) => each.at > at && each.status < 300).length,
      admitted: [...admitted.values()].filter((each) => each.at > at).length,
    }),
    broken: () => broken,
    /** As a balancer does: nobody goes to that node any more, and what was under way there has no known end. */
    avoid: (node: World) => {
      living.get(node)?.resolve(undefined)
      living.delete(node)
    },
    trust: (node: World) => living.set(node, Promise.withResolvers()),
    /** Ends it, asks for everybody once more, and tells what was wrong. */
    end: async (): Promise<string[]> => {
      over = true
      await Promise.all(working)
      await Promise.all(buying)
      for (const fan of told.keys()) {
        await join(fan, 0)
        await poll(fan)
      }
      return [...wrong, ...inversions([...told.values()])]
    },
    /** What the audit finds. Whose call was lost with Redis comes, and is called again. */
    breaches: async (stores: ReturnType<typeof lookAt>): Promise<string[]> => {
      for (let left = 20; ; left--) {
        const found = await stores.breaches(sale)
        if (found.length === 0 || left === 0) return found
        for (const fan of told.keys()) await poll(fan)
      }
    },
  }
}

/** Whoever was answered before another asked is ahead of them. */
export const inversions = (people: Told[]): string[] => {
  const sorted = people.toSorted((a, b) => a.position - b.position)
  const found: string[] = []
  let soonest: Told | undefined
  for (const each of sorted.toReversed()) {
    if (soonest && soonest.answered < each.asked)
      found.push(`overtaken: ${soonest.position} was answered before ${each.position} asked`)
    if (!soonest || each.answered < soonest.answered) soonest = each
  }
  const twice = people.length - new Set(people.map((each) => each.position)).size
  return twice === 0 ? found : [...found, `${twice} positions were given twice`]
}

/** Neither 2xx, nor 4xx, nor 503 with Retry-After. */
export const isOdd = ({ status, headers }: Answer) =>
  !(
    (status >= 200 && status < 300) ||
    (status >= 400 && status < 500) ||
    (status === 503 && Number(headers.get("retry-after")) > 0)
  )

export const admissionIdIn = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).jti as string

export const joinWith = (world: World, sale: string, fan: Fan, receipt?: string) =>
  world.request("POST", `/v1/sales/${sale}/waiting-room/join`, {
    headers: world.bearer(fan),
    ...(receipt ? { body: { receipt } } : {}),
  })

export const leave = (world: World, sale: string, token: string) =>
  world.request("DELETE", `/v1/sales/${sale}/admission`, { headers: world.admission(token) })
