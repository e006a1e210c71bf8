import { type Fan, inDays, type World } from "../world.ts"
import { until } from "../until.ts"
import { openNodes } from "./nodes.ts"
import { signal } from "./signals.ts"
import { openWallClock } from "./wall-clock.ts"

export type ClockCell = {
  seed: number
  starts: number
  people: number
  lost: number
  moved: number
  twice: number
  /** What else should not have been, each as a sentence. */
  wrong: string[]
}

/**
 * One node is stopped or killed and started again and again over the same stores, each time with a clock that is up to a day off,
 * while people join, shop and hold; the last start has the right one. A sale that is open stays open, one that is due stays closed,
 * holds and admissions end when they were told to or later by what the node was away, and every place is called once.
 */
export const clockCell = async ({ seed, starts = 4 }: { seed: number; starts?: number }): Promise<ClockCell> => {
  const wall = openWallClock()
  const shared = await openNodes(0)
  try {
    const random = randomOf(seed)
    const first = await shared.add()
    const cell = await openCell(first)
    await cell.live(first, 0)
    await stop(first, random)
    for (let start = 1; start < starts; start++) {
      const offsetS = start === 1 ? hourS : Math.round((2 * random() - 1) * 24 * hourS)
      wall.set(offsetS)
      const node = await shared.add(wall.env)
      await cell.live(node, offsetS)
      await stop(node, random)
    }
    const last = await shared.add()
    await cell.live(last, 0)
    await cell.end(last)
    const truth = await shared.stores.sql(async (sql) => ({
      calls: await sql<{ from: number; to: number }[]>`
        select from_position as from, to_position as to from queue_calls where sale_id = ${cell.open} and not again`,
      admissions: await sql<{ count: number }[]>`
        select count(*)::int as count from queue_admissions where sale_id = ${cell.open} group by account_id`,
    }))
    return {
      seed,
      starts,
      ...cell.seen(),
      twice: twiceIn(truth.calls) + truth.admissions.filter(({ count }) => count > 1).length,
    }
  } finally {
    await shared.close()
    wall.close()
  }
}

const hourS = 3600

/** Mulberry32. */
const randomOf = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

const stop = async (node: World, random: () => number) => {
  if (random() < 0.5) await node.stop()
  else signal([node.pid], "SIGKILL")
}

type Shopper = { token: string; endsAt: number; hold: { id: string; endsAt: number } }

const openCell = async (world: World) => {
  const settings = { total_seats: 100, shopper_capacity: shopping, admit_per_minute: 60_000, ends_at: inDays(halfHour) }
  const open = await world.sale({ ...settings, admission_sec: 600, hold_sec: holdS, call_window_sec: 600 })
  const due = await world.sale({
    ...settings,
    queue_opens_at: inDays(-0.01),
    opens_at: inDays(halfHour),
    ends_at: inDays(1),
  })
  const [fans, early] = [await world.fans(40), await world.fans(40)]
  const positions = new Map<string, number>()
  const shoppers = new Map<Fan, Shopper>()
  const wrong: string[] = []
  let [lost, moved, awaySince, awayMs] = [0, 0, 0, 0]

  const place = (
    sale: string,
    fan: Fan,
    { status, body, text }: { status: number; body: Record<string, any>; text: string },
  ) => {
    if (status === 503) return
    const known = positions.get(sale + fan.userId)
    if (status === 404) lost++
    else if (status > 201) wrong.push(`a join or a status answered ${status} ${text}`)
    else if (known === undefined) positions.set(sale + fan.userId, body.position)
    else if (known !== body.position) moved++
  }
  const comeTo = async (node: World, sale: string, all: Fan[]) => {
    const fan = all.find((each) => !positions.has(sale + each.userId))!
    await until("a newcomer gets a place", async () => {
      place(sale, fan, await node.join(sale, fan))
      return positions.has(sale + fan.userId)
    })
  }
  const boards = async (node: World) => {
    const phase = async (sale: string) => (await node.request("GET", `/v1/sales/${sale}/waiting-room/board`)).body.phase
    let phases: unknown[] = []
    await until("both boards are known", async () => {
      phases = [await phase(open), await phase(due)]
      return !phases.includes(undefined)
    })
    if (`${phases}` !== "open,queueing") wrong.push(`the sales were ${phases}`)
  }
  const shop = async (node: World, fan: Fan) => {
    const token = await node.admitted(open, fan)
    const { body } = await node.status(open, fan)
    const hold = await node.hold(open, token, { quantity: 1 })
    if (hold.status !== 200) return void wrong.push(`a hold answered ${hold.status} ${hold.text}`)
    const told = Date.parse(hold.body.expires_at)
    if (Math.abs(told - Date.now() - holdS * 1000) > 10_000)
      wrong.push(`a hold of ${holdS} s ends at ${hold.body.expires_at}`)
    shoppers.set(fan, {
      token,
      endsAt: Date.parse(body.admission_expires_at),
      hold: { id: hold.body.hold_id, endsAt: told },
    })
  }
  /** Nobody is thrown out, and nobody is given more than the time in which no node was there. */
  const admissions = async (node: World) => {
    for (const [fan, { endsAt }] of shoppers) {
      const { body, status, text } = await node.status(open, fan)
      if (status === 503) continue
      const late = Date.parse(body.admission_expires_at) - endsAt
      if (!body.admitted) wrong.push(`a shopper was thrown out: ${text}`)
      else if (late < -1000 || late > awayMs + graceMs)
        wrong.push(`an admission ends ${late} ms later, after ${awayMs} ms`)
    }
  }

  const refused = async (node: World, offsetS: number) => {
    const { status, text } = await node.request("GET", "/health/ready")
    const isNamed = new RegExp(`this machine is ${Math.abs(offsetS)} s ${offsetS > 0 ? "ahead of" : "behind"}`).test(
      text,
    )
    if (status !== 503 || !isNamed) wrong.push(`a node that is ${offsetS} s off answered ${status} ${text}`)
    if (/^traffic_scheduler_leader 1$/m.test((await node.request("GET", "/metrics")).text)) wrong.push("it led")
  }

  return {
    open,
    /** What people do while a node runs. */
    live: async (node: World, offsetS: number) => {
      if (awaySince > 0) awayMs += Date.now() - awaySince
      await comeTo(node, open, fans)
      await comeTo(node, open, fans)
      await comeTo(node, due, early)
      await boards(node)
      for (const sale of [open, due])
        for (const fan of sale === open ? fans : early)
          if (positions.has(sale + fan.userId)) place(sale, fan, await node.status(sale, fan))
      if (Math.abs(offsetS) > 60) await refused(node, offsetS)
      else if (shoppers.size === 0) await shop(node, fans[0]!)
      await admissions(node)
      await boards(node)
      awaySince = Date.now()
    },
    /** Holds have ended or end soon, the seats come back, and the next people are called, in turn. */
    end: async (node: World) => {
      await until("a right clock is ready", async () => (await node.request("GET", "/health/ready")).status === 200)
      for (const [, { token, hold }] of shoppers) {
        await until(
          "a hold ends",
          async () => (await node.admin("GET", `/v1/admin/sales/${open}/stats`)).body.seats_held === 0,
          600,
        )
        if (Date.now() < hold.endsAt - 1000) wrong.push("a hold ended before its time")
        if (Date.now() > hold.endsAt + awayMs + graceMs) wrong.push("a hold ended too late")
        if ((await node.checkout(open, token, { hold_id: hold.id })).status !== 410)
          wrong.push("an ended hold was paid")
      }
      await admissions(node)
      for (const fan of fans.filter((each) => positions.has(open + each.userId)).slice(0, shopping))
        await node.admitted(open, fan)
      for (const fan of early.filter((each) => positions.has(due + each.userId)))
        if ((await node.status(due, fan)).body.admitted) wrong.push("somebody was let in before the sale opened")
      await boards(node)
    },
    seen: () => ({ people: positions.size, lost, moved, wrong }),
  }
}

const twiceIn = (calls: { from: number; to: number }[]) => {
  const called = calls.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, n) => from + n))
  return called.length - new Set(called).size
}

const halfHour = 1 / 48
const holdS = 8
/** Fewer than come, so that somebody waits. */
const shopping = 3
/** A busy machine's. */
const graceMs = 15_000
