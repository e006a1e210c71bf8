import { afterAll, beforeAll, expect, test } from "bun:test"
import { leave } from "../testing/faults/crowd.ts"
import { admissionIdIn } from "../testing/faults/tokens.ts"
import { openNodes } from "../testing/faults/nodes.ts"
import { until } from "../testing/until.ts"
import { openWallClock } from "../testing/faults/wall-clock.ts"
import { type Fan, inDays, type World } from "../testing/world.ts"

let wall: ReturnType<typeof openWallClock>
let shared: Awaited<ReturnType<typeof openNodes>>
let world: World
beforeAll(async () => {
  wall = openWallClock()
  shared = await openNodes(1, wall)
  world = shared.nodes[0]!
}, 60_000)
afterAll(async () => {
  await shared.close()
  wall.close()
}, 60_000)

const hours = 3600
/** What each store believes that the time is, in seconds from the truth. */
const believed = async () => {
  const truth = Date.now() / 1000
  const [redis] = (await shared.stores.redis((client) => client.time())) as unknown as [string]
  const [postgres] = await shared.stores.sql(
    (sql) => sql<{ now: number }[]>`select extract(epoch from clock_timestamp())::float8 as now`,
  )
  return { redis: Math.round((Number(redis) - truth) / hours), postgres: Math.round((postgres!.now - truth) / hours) }
}

test("the wall clock leaps a day ahead and then to an hour behind, for traffic and its stores: nobody notices", async () => {
  const settings = { total_seats: 500, ends_at: inDays(0.9), admission_sec: 600, hold_sec: 300, call_window_sec: 300 }
  const shop = await world.sale({ ...settings, shopper_capacity: 4 })
  const drip = await world.sale({ ...settings, shopper_capacity: 500, admit_per_minute: 60 })
  const tomorrow = await world.sale({ ...settings, opens_at: inDays(0.5), queue_opens_at: inDays(-0.01) })
  const unopened = await world.sale({ ...settings, opens_at: inDays(0.5) })
  const [fans, dripping, waiting, others] = [
    await world.fans(12),
    await world.fans(200),
    await world.fans(5),
    await world.fans(20),
  ]
  const positions = new Map<Fan, number>()
  const join = async (sale: string, fan: Fan) => {
    const answer = await world.join(sale, fan)
    expect(answer.status).toBe(201)
    positions.set(fan, answer.body.position)
  }
  for (const fan of fans) await join(shop, fan)
  for (const fan of waiting) await join(tomorrow, fan)
  await Promise.all(dripping.map((fan) => join(drip, fan)))
  const shoppers = fans.slice(0, 4)
  const admissions = new Map<Fan, { token: string; endsAt: string; holdId: string }>()
  for (const fan of shoppers) {
    const token = await world.admitted(shop, fan)
    const { body } = await world.status(shop, fan)
    const hold = await world.hold(shop, token, { quantity: 1 })
    expect(hold.status).toBe(200)
    admissions.set(fan, { token, endsAt: body.admission_expires_at, holdId: hold.body.hold_id })
  }
  const served = async () =>
    (await world.request("GET", `/v1/sales/${drip}/waiting-room/board`)).body.now_serving as number

  const nobodyNotices = async () => {
    const [before, at] = [await served(), performance.now()]
    // Several ticks of the scheduler and of the sweeper.
    await Bun.sleep(1800)
    const passed = (performance.now() - at) / 1000
    const called = (await served()) - before
    expect(called).toBeLessThanOrEqual(passed + 2)
    for (const [fan, { token, endsAt }] of admissions) {
      const { body } = await world.status(shop, fan)
      expect(body).toMatchObject({ admitted: true, position: positions.get(fan), phase: "open" })
      expect(admissionIdIn(body.admission_token)).toBe(admissionIdIn(token))
      expect(Math.abs(Date.parse(body.admission_expires_at) - Date.parse(endsAt))).toBeLessThan(60_000)
    }
    for (const fan of fans)
      if (!admissions.has(fan)) expect((await world.status(shop, fan)).body.position).toBe(positions.get(fan)!)
    for (const fan of waiting)
      expect((await world.status(tomorrow, fan)).body).toMatchObject({
        admitted: false,
        phase: "queueing",
        position: positions.get(fan),
      })
    const stats = await world.admin("GET", `/v1/admin/sales/${shop}/stats`)
    expect(stats.body.seats_held).toBe(admissions.size)
    const early = await world.join(unopened, others[0]!)
    expect([early.status, early.body.code]).toEqual([403, "sale_closed"])
    await until("people are still called", async () => (await served()) > before + called, 50)
  }
  /** One pays, the next in line comes in and holds; a newcomer stands behind everybody. */
  const theSaleGoesOn = async () => {
    const [payer, { token, holdId }] = [...admissions][0]!
    expect((await world.checkout(shop, token, { hold_id: holdId })).status).toBe(200)
    admissions.delete(payer)
    const next = fans.find(
      (fan) => positions.get(fan) === Math.max(...shoppers.map((each) => positions.get(each)!)) + 1,
    )!
    const came = await world.admitted(shop, next)
    shoppers.push(next)
    const hold = await world.hold(shop, came, { quantity: 1 })
    expect(hold.status).toBe(200)
    admissions.set(next, {
      token: came,
      endsAt: (await world.status(shop, next)).body.admission_expires_at,
      holdId: hold.body.hold_id,
    })
    const newcomer = others.pop()!
    await join(shop, newcomer)
    fans.push(newcomer)
    expect(positions.get(newcomer)).toBe(fans.length)
  }

  for (const offset of [24, -1]) {
    wall.set(offset * hours)
    expect(await believed()).toEqual({ redis: offset, postgres: offset })
    await nobodyNotices()
    await theSaleGoesOn()
  }
  await shared.stores.journaled(shop)
  await shared.stores.redis((redis) => redis.flushall())
  await until("the room is rebuilt", async () => (await world.join(shop, fans[0]!)).status === 200)
  await nobodyNotices()
  for (const { token } of admissions.values()) expect((await leave(world, shop, token)).status).toBe(204)
  for (const sale of [shop, drip, tomorrow]) expect(await shared.stores.breaches(sale)).toEqual([])
}, 90_000)
