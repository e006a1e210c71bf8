import { afterAll, beforeAll, expect, test } from "bun:test"
import { openCrowd } from "../testing/faults/crowd.ts"
import { admissionIdIn } from "../testing/faults/tokens.ts"
import { frozen } from "../testing/faults/signals.ts"
import { storesOf } from "../testing/faults/store-look.ts"
import { until } from "../testing/until.ts"
import { crowdEnv } from "../testing/faults/crowd-env.ts"
import { openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld({ env: crowdEnv })), 60_000)
afterAll(() => world.close(), 60_000)

/** Somebody whose admission and hold would be over after ten seconds. Resolves with what must hold after the freeze. */
const shopBriefly = async () => {
  const sale = await world.sale({ admission_sec: 10 })
  const [fan] = await world.fans(1)
  await world.join(sale, fan!)
  const token = await world.admitted(sale, fan!)
  const hold = await world.hold(sale, token, { quantity: 1 })
  expect(hold.status).toBe(200)
  return async () => {
    // Until the first tick and the first sweep an answer may still name the old end.
    await until(
      "the hold is paid with the same admission",
      async () => {
        const now = await world.admitted(sale, fan!)
        expect(admissionIdIn(now)).toBe(admissionIdIn(token))
        return (await world.checkout(sale, now, { hold_id: hold.body.hold_id })).status === 200
      },
      20,
    )
  }
}

type FrozenPart = { name: string; seconds: number; pids: () => number[]; spares?: boolean }
const frozenParts: FrozenPart[] = [
  { name: "the durable Redis", seconds: 5, pids: () => world.storePids("redis") },
  { name: "the volatile Redis", seconds: 3, pids: () => world.storePids("cache") },
  { name: "Postgres", seconds: 5, pids: () => world.storePids("postgres") },
  { name: "traffic", seconds: 10, pids: () => [world.pid], spares: true },
]

for (const { name, seconds, pids, spares } of frozenParts)
  test(`${name} stands still for ${seconds} s while people join, wait and buy: nothing odd is answered, nothing is done twice`, async () => {
    const sale = await world.sale({
      total_seats: 500,
      shopper_capacity: 15,
      admit_per_minute: 240,
      admission_sec: 600,
      call_window_sec: 60,
    })
    const crowd = openCrowd([world], sale, await world.fans(2000), { buys: true })
    await until("people buy", () => crowd.tickets.size > 3)
    const spared = spares ? await shopBriefly() : undefined
    await frozen(pids(), () => Bun.sleep(seconds * 1000))
    const thawed = performance.now()
    await spared?.()
    const { size } = crowd.tickets
    await until("people join, wait, are let in and buy again", () => {
      const { joined, polled, admitted } = crowd.since(thawed)
      return joined > 20 && polled > 20 && admitted > 2 && crowd.tickets.size > size + 2
    })
    expect(await crowd.end()).toEqual([])
    expect(crowd.broken()).toBe(0)
    expect(await storesOf(world).breaches(sale)).toEqual([])
    const stats = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
    expect(stats.body.tickets_sold).toBe(crowd.tickets.size)
  }, 60_000)
