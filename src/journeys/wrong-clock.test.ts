import { expect, test } from "bun:test"
import { clockCell } from "../testing/faults/clocks.ts"
import { openNodes } from "../testing/faults/nodes.ts"
import { openWallClock } from "../testing/faults/wall-clock.ts"
import { until } from "../testing/until.ts"
import type { Fan, World } from "../testing/world.ts"

const cells = Number(Bun.env.TRAFFIC_TEST_CLOCK_CELLS ?? 1)

for (let cell = 1; cell <= cells; cell++) {
  const seed = Number(Bun.env.TRAFFIC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31)) + cell - 1
  test(`starts with clocks up to a day off open, close, move and extend nothing (seed ${seed})`, async () => {
    const seen = await clockCell({ seed })
    expect(seen).toMatchObject({ lost: 0, moved: 0, twice: 0, wrong: [] })
    expect(seen.people).toBeGreaterThan(10)
  }, 180_000)
}

test("of two nodes the wrong one never leads; what both stores contradict waits and loses nothing", async () => {
  const [stores, machine] = [openWallClock(), openWallClock()]
  const shared = await openNodes(0, { path: stores.path })
  try {
    machine.set(hourS)
    const wrong = await shared.add(machine.env)
    const sale = await wrong.sale({ shopper_capacity: 2, admission_sec: 600 })
    const [ada, bob, cyd] = (await wrong.fans(3)) as [Fan, Fan, Fan]
    expect((await wrong.join(sale, ada)).status).toBe(201)
    await Bun.sleep(leaseMs)
    expect([await leads(wrong), await isReady(wrong)]).toEqual([false, false])

    const right = await shared.add()
    await until("the right one leads", () => leads(right))
    expect((await wrong.join(sale, bob)).body.position).toBe(2)
    const token = await wrong.admitted(sale, ada)
    expect((await wrong.hold(sale, token, { quantity: 1 })).status).toBe(200)
    const { body } = await right.status(sale, ada)
    expect(Math.abs(Date.parse(body.admission_expires_at) - Date.now() - 600_000)).toBeLessThan(60_000)

    const bobs = await right.admitted(sale, bob)
    stores.set(24 * hourS)
    await until("the right one does not trust its clock", async () => !(await isReady(right)))
    await until("it leads no more", async () => !(await leads(right)))
    const refused = await right.hold(sale, bobs, { quantity: 1 })
    expect([refused.status, refused.body.code, refused.headers.has("retry-after")]).toEqual([503, "clock_off", true])
    stores.set(0)
    await until("it trusts its clock again", () => isReady(right))
    await until("it leads again", () => leads(right))
    expect((await right.status(sale, ada)).body).toMatchObject({ admitted: true, position: 1, phase: "open" })
    expect((await right.join(sale, cyd)).body.position).toBe(3)

    expect(await leads(wrong)).toBe(false)
    machine.set(0)
    await until("the wrong one is ready once its machine is right", () => isReady(wrong))
  } finally {
    await shared.close()
    machine.close()
    stores.close()
  }
}, 120_000)

const hourS = 3600
/** Longer than a lease, so that nobody else's keeps it from leading. */
const leaseMs = 3500
const isReady = async (node: World) => (await node.request("GET", "/health/ready")).status === 200
const leads = async (node: World) => /^traffic_scheduler_leader 1$/m.test((await node.request("GET", "/metrics")).text)
