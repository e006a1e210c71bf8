import { afterAll, beforeAll, expect, test } from "bun:test"
import { frozen } from "../testing/faults/signals.ts"
import { storesOf } from "../testing/faults/store-look.ts"
import { until } from "../testing/until.ts"
import { openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld()), 60_000)
afterAll(() => world.close(), 60_000)

const held = async () => {
  const sale = await world.sale({ admission_sec: 10 })
  const [fan] = await world.fans(1)
  await world.join(sale, fan!)
  const token = await world.admitted(sale, fan!)
  const hold = await world.hold(sale, token, { quantity: 1 })
  expect(hold.status).toBe(200)
  return { sale, token, purchase: { hold_id: hold.body.hold_id, idempotency_key: crypto.randomUUID() } }
}
const untilEnded = (sale: string, token: string) =>
  until(
    "the admission is over",
    async () =>
      (await world.request("GET", `/v1/sales/${sale}/seats`, { headers: world.admission(token) })).status === 401,
    200,
  )

test("a buyer is answered the same under the same key after the admission's end", async () => {
  const { sale, token, purchase } = await held()
  const paid = await world.checkout(sale, token, purchase)
  expect(paid.status).toBe(200)
  await untilEnded(sale, token)
  expect(await world.checkout(sale, token, purchase)).toMatchObject({ status: 200, body: paid.body })
}, 60_000)

test("a checkout that a frozen Postgres kept until the admission's end is paid and known, or never", async () => {
  const { sale, token, purchase } = await held()
  const answers = await frozen(world.storePids("postgres"), async () => {
    const during = [await world.checkout(sale, token, purchase), await world.checkout(sale, token, purchase)]
    await Bun.sleep(12_000)
    return during
  })
  for (const { status, headers } of answers) {
    expect(status).toBe(503)
    expect(headers.get("retry-after")).toBeTruthy()
  }
  await untilEnded(sale, token)
  const last = await world.checkout(sale, token, purchase)
  const stats = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
  expect([last.status, stats.body.orders]).toEqual(last.status === 200 ? [200, 1] : [401, 0])
  expect(await storesOf(world).breaches(sale)).toEqual([])
}, 60_000)
