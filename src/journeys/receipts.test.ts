import { afterAll, beforeAll, expect, test } from "bun:test"
import { storesOf } from "../testing/faults/store-look.ts"
import { until } from "../testing/until.ts"
import { openWorld, type Fan, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld({ env: { K6_BIN: "/nowhere" } })), 60_000)
afterAll(() => world.close(), 60_000)

const joinByForm = async (sale: string, fan: Fan) => {
  const headers = { cookie: `traffic=${fan.token}`, origin: world.url }
  const { status, headers: told } = await world.request("POST", `/sales/${sale}/join`, { headers })
  expect(status).toBe(303)
  expect(told.get("set-cookie")).toContain(`Path=/sales/${sale}; HttpOnly`)
  return told.get("set-cookie")!.split(";")[0]!
}

test("browsers keep their places when traffic and Redis are lost at once, with and without scripts", async () => {
  const stores = storesOf(world)
  const sale = await world.sale({ shopper_capacity: 1, admit_per_minute: 1 })
  const fans = await world.fans(4)
  await world.join(sale, fans[0]!)
  await stores.journaled(sale)
  const receipts: string[] = []
  let crash: Promise<void> | undefined
  await stores.sql((sql) =>
    sql
      .begin(async (tx) => {
        await tx`select from queue_rooms where sale_id = ${sale} for update`
        for (const fan of fans.slice(1)) receipts.push(await joinByForm(sale, fan))
        await stores.redis((redis) => redis.flushall())
        crash = world.crash()
        await crash
      })
      .catch((error) => {
        // Postgres is stopped with traffic.
        if (!crash) throw error
      }),
  )
  await crash
  const pageOf = (fan: Fan, receipt: string, page: string) =>
    world.request("GET", `/sales/${sale}/${page}`, { headers: { cookie: `traffic=${fan.token}; ${receipt}` } })
  const [, second, third, fourth] = fans
  await until("the room is open again", async () => (await world.status(sale, fans[0]!)).status === 200)
  // Another's receipt is worth nothing.
  expect((await pageOf(fourth!, receipts[0]!, "place.json")).body).toMatchObject({ state: "join", receipt: null })
  const told = (await pageOf(third!, receipts[1]!, "place.json")).body
  expect(told).toMatchObject({ state: "waiting", position: 3, receipt: receipts[1]!.slice("receipt=".length) })
  const shown = await pageOf(second!, receipts[0]!, "place")
  expect(shown.text).toContain(receipts[0]!.slice("receipt=".length))
  expect((await world.status(sale, second!)).body.position).toBe(2)
}, 60_000)
