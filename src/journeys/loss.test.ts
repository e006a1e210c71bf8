import { afterAll, beforeAll, expect, test } from "bun:test"
import { openCrowd } from "../testing/faults/crowd.ts"
import { forgetJoins } from "../testing/faults/forgotten-joins.ts"
import { loseTheRoom } from "../testing/faults/loss.ts"
import { losses, type Loss } from "../testing/faults/losses.ts"
import { storesOf } from "../testing/faults/store-look.ts"
import { until } from "../testing/until.ts"
import { crowdEnv } from "../testing/faults/crowd-env.ts"
import { openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld({ env: crowdEnv })), 60_000)
afterAll(() => world.close(), 60_000)

for (const kind of Object.keys(losses) as Loss[])
  test(`a Redis that comes back ${kind} is noticed: closed until it is rebuilt, and everybody stands where they stood`, async () => {
    const seen = await loseTheRoom(world, kind)
    expect(seen).toMatchObject({ acknowledged: 0, paid: 4, wrong: [], breaches: [] })
    expect(seen.refused).toBeGreaterThan(0)
    expect(seen.rebuilt).toBeGreaterThan(0)
  }, 60_000)

test("people come and ask while Redis is emptied again and again: nobody moves, nobody overtakes", async () => {
  const sale = await world.sale({ shopper_capacity: 300, admit_per_minute: 600, admission_sec: 600 })
  const stores = storesOf(world)
  const crowd = openCrowd([world], sale, await world.fans(400))
  for (let flush = 0; flush < 3; flush++) {
    const { size } = crowd.told
    await until("people join", () => crowd.told.size > size + 20)
    await stores.redis((redis) => redis.flushall())
  }
  const emptied = performance.now()
  await until("joins, polls and admissions go on", () => {
    const { joined, polled, admitted } = crowd.since(emptied)
    return joined > 20 && polled > 20 && admitted > 0
  })
  // An admission that Postgres had not heard of is given anew.
  expect((await crowd.end()).filter((each) => !each.startsWith("readmitted: "))).toEqual([])
  expect(crowd.broken()).toBe(0)
  expect(await stores.generation(sale)).toBeGreaterThanOrEqual(4)
  expect(await crowd.breaches(stores)).toEqual([])
}, 60_000)

test("joins that only receipts remember come back to their positions, and nobody was given these meanwhile", async () => {
  expect(await forgetJoins(world)).toEqual({ restored: 8, wrong: [], breaches: [] })
}, 60_000)
