import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { descendants, openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(
  async () =>
    void (world = await openWorld({
      flags: ["--workers", "3"],
      env: { TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "1000000" },
    })),
  60_000,
)
afterAll(() => world.close(), 60_000)

/** A connection of its own, so that the kernel may choose another process. */
const apart = { connection: "close" }

test("three processes share a port, a queue and one page of metrics", async () => {
  const sale = await world.sale({ shopper_capacity: 1, admit_per_minute: 1 })
  const fans = await world.fans(120)
  const answers = await Promise.all(
    fans.map((fan) =>
      world.request("POST", `/v1/sales/${sale}/waiting-room/join`, { headers: { ...world.bearer(fan), ...apart } }),
    ),
  )
  expect(answers.map((each) => each.body.position as number).sort((a, b) => a - b)).toEqual(
    fans.map((_, index) => index + 1),
  )

  const joins: number[] = []
  for (let asked = 0; asked < 6; asked++) {
    const { text } = await world.request("GET", "/metrics", { headers: apart })
    joins.push(Number(/^traffic_joins_total (\d+)$/m.exec(text)?.[1]))
  }
  expect(joins).toEqual([120, 120, 120, 120, 120, 120])
  // The gauges of the others are a second old at most.
  await Bun.sleep(2100)
  const { text } = await world.request("GET", "/metrics", { headers: apart })
  expect(Number(/^traffic_scheduler_leader (\d+)$/m.exec(text)?.[1])).toBe(1)
  expect(
    Number(new RegExp(`^traffic_queue_depth{sale_id="${sale}"} (\\d+)$`, "m").exec(text)?.[1]),
  ).toBeLessThanOrEqual(120)
})

test("a killed worker is replaced, and the others go on meanwhile", async () => {
  const workers = () => descendants(world.pid).filter((pid) => commandOf(pid).includes("serve-worker"))
  const before = workers()
  expect(before).toHaveLength(2)
  process.kill(before[0]!, "SIGKILL")
  // One look for both: the killed one may vanish between two.
  const isReplaced = (now: number[]) => now.length === 2 && !now.includes(before[0]!)
  for (let left = 100; left > 0 && !isReplaced(workers()); left--) {
    expect((await world.request("GET", "/health/live", { headers: apart }).catch(() => ({ status: 200 }))).status).toBe(
      200,
    )
    await Bun.sleep(100)
  }
  expect(isReplaced(workers())).toBe(true)
}, 30_000)

const commandOf = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}
