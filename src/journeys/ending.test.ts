import { afterAll, beforeAll, expect, test } from "bun:test"
import { storesOf } from "../testing/faults/store-look.ts"
import { until } from "../testing/until.ts"
import { crowdEnv } from "../testing/faults/crowd-env.ts"
import { inDays, openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(
  async () => void (world = await openWorld({ env: { ...crowdEnv, TRAFFIC_FINISHED_SALE_HOURS: "0" } })),
  60_000,
)
afterAll(() => world.close(), 60_000)

test("a sale ends: late comers are told, positions stand, holds can be paid, and the journal outlives the room", async () => {
  const stores = storesOf(world)
  const sale = await world.sale({ ends_at: inDays(4 / 86_400), shopper_capacity: 2, admission_sec: 600, hold_sec: 600 })
  const people = await world.fans(30)
  const positions = new Map<string, number>()
  for (const fan of people) positions.set(fan.userId, (await world.join(sale, fan)).body.position)
  const [buyer, other] = people
  const token = await world.admitted(sale, buyer!)
  const hold = await world.hold(sale, token, { quantity: 1 })
  expect(hold.status).toBe(200)
  await world.admitted(sale, other!)

  const closed = async () =>
    (await world.request("GET", `/v1/sales/${sale}/waiting-room/board`)).body.phase === "closed"
  await until("the sale is closed", closed, 150)
  const [late] = await world.fans(1)
  const asked = async () => {
    const join = await world.join(sale, late!)
    expect([join.status, join.body.code]).toEqual([403, "sale_closed"])
    const statuses = await Promise.all(people.map((fan) => world.status(sale, fan)))
    expect(statuses.map(({ status, body }, index) => [status, body.position, body.phase, index])).toEqual(
      people.map((fan, index) => [200, positions.get(fan.userId), "closed", index]),
    )
    expect(statuses.slice(2).filter((each) => each.body.admitted)).toEqual([])
    expect((await world.status(sale, late!)).body.code).toBe("not_in_queue")
  }
  await asked()
  expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)

  const keys = () => stores.redis((redis) => redis.keys(`sale:{${sale}}:*`))
  await until("Redis has given the room up", async () => (await keys()).length === 0, 200)
  expect((await world.join(sale, late!)).body.code).toBe("sale_closed")
  await asked()
  const entries = await world.admin("GET", `/v1/admin/sales/${sale}/queue-entries`)
  expect(
    entries.body.entries.map((each: { user_id: string; position: number }) => [each.user_id, each.position]),
  ).toEqual([...positions])

  await world.crash()
  await until("it serves again", async () => (await world.request("GET", "/health/ready")).status === 200)
  await asked()
  expect(await keys()).toEqual([])
}, 60_000)
