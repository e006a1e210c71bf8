import { afterAll, beforeAll, expect, test } from "bun:test"
import { openCrowd } from "../testing/faults/crowd.ts"
import { openNodes } from "../testing/faults/nodes.ts"
import { signal } from "../testing/faults/signals.ts"
import { until } from "../testing/until.ts"
import type { World } from "../testing/world.ts"

let shared: Awaited<ReturnType<typeof openNodes>>
beforeAll(async () => void (shared = await openNodes(2)), 60_000)
afterAll(() => shared.close(), 60_000)

const leads = async (node: World) => /^traffic_scheduler_leader 1$/m.test((await node.request("GET", "/metrics")).text)
const leaderOf = async (nodes: World[]) => {
  for (const node of nodes) if (await leads(node)) return node
  return undefined
}
const phaseOn = async (node: World, sale: string) =>
  (await node.request("GET", `/v1/sales/${sale}/waiting-room/board`)).body.phase as string

test("two nodes are one waiting room: a position, a pause and a message are the same on both", async () => {
  const [here, there] = shared.nodes as [World, World]
  const sale = await here.sale({ shopper_capacity: 1, admit_per_minute: 1 })
  const fans = await here.fans(20)
  const joined = await Promise.all(fans.map((fan, index) => (index % 2 ? here : there).join(sale, fan)))
  expect(joined.map((each) => each.status)).toEqual(fans.map(() => 201))
  const asked = await Promise.all(fans.map((fan, index) => (index % 2 ? there : here).status(sale, fan)))
  expect(asked.map((each) => each.body.position)).toEqual(joined.map((each) => each.body.position))
  expect(new Set(joined.map((each) => each.body.position)).size).toBe(20)

  await here.admin("POST", `/v1/admin/sales/${sale}/pause`)
  await until("the other node knows of the pause", async () => (await phaseOn(there, sale)) === "paused", 20)
  await there.admin("POST", `/v1/admin/sales/${sale}/resume`)
  await until("the first node knows that it goes on", async () => (await phaseOn(here, sale)) === "open", 20)
})

test("a leader that freezes is replaced and moves nothing when it thaws; one that is killed is not missed", async () => {
  const { nodes, stores } = shared
  await until("one node leads", async () => (await leaderOf(nodes)) !== undefined)
  const leader = (await leaderOf(nodes))!
  const other = nodes.find((each) => each !== leader)!
  const sale = await other.sale({ total_seats: 2000, shopper_capacity: 15, admit_per_minute: 600, admission_sec: 600 })
  const crowd = openCrowd(nodes, sale, await other.fans(4000), { buys: true })
  await until("people buy", () => crowd.tickets.size > 3)
  const epochs = () =>
    stores.sql(async (sql) =>
      (
        await sql<{ epoch: number }[]>`select distinct epoch from queue_calls where sale_id = ${sale} order by epoch`
      ).map((each) => each.epoch),
    )

  signal([leader.pid], "SIGSTOP")
  crowd.avoid(leader)
  const frozenAt = performance.now()
  try {
    await until("the other node leads", () => leads(other), 100)
    const before = crowd.tickets.size
    await until("people buy at the other node", () => crowd.tickets.size > before + 3, 100)
    expect(crowd.since(frozenAt).admitted).toBeGreaterThan(0)
  } finally {
    signal([leader.pid], "SIGCONT")
    crowd.trust(leader)
  }
  const thawedAt = performance.now()
  await until(
    "people join and wait at both nodes",
    () => crowd.since(thawedAt).joined > 20 && crowd.since(thawedAt).polled > 100,
  )
  await until("the thawed node knows that it leads no more", async () => !(await leads(leader)), 30)
  expect(await leads(other)).toBe(true)
  expect(await epochs()).toHaveLength(2)
  expect(crowd.broken()).toBe(0)

  crowd.avoid(other)
  signal([other.pid], "SIGKILL")
  const killedAt = performance.now()
  await until("the first node leads again", () => leads(leader), 100)
  await until("everybody goes on there", () => {
    const { joined, polled, admitted } = crowd.since(killedAt)
    return joined > 20 && polled > 20 && admitted > 3
  })
  expect(await crowd.end()).toEqual([])
  expect(await crowd.breaches(stores)).toEqual([])
  const stats = await leader.admin("GET", `/v1/admin/sales/${sale}/stats`)
  expect(stats.body.tickets_sold).toBe(crowd.tickets.size)
  expect((await epochs()).length).toBeGreaterThanOrEqual(3)
}, 90_000)
