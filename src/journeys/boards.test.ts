import { afterAll, beforeAll, expect, test } from "bun:test"
import { until } from "../testing/until.ts"
import { inDays, openWorld, type Answer, type World } from "../testing/world.ts"

let world: World
beforeAll(
  async () => void (world = await openWorld({ env: { K6_BIN: "/nowhere", TRAFFIC_FINISHED_SALE_HOURS: "0" } })),
  60_000,
)
afterAll(() => world.close(), 60_000)

const boardOf = (sale: string) => world.request("GET", `/v1/sales/${sale}/waiting-room/board`)
/** Known, or not known yet. */
const isHonest = ({ status, headers }: Answer) =>
  status === 200 ||
  (status === 503 && headers.get("retry-after") !== null && headers.get("cache-control") === "no-store")

test("a sale that exists is never a 404 on its board, however often the node starts again", async () => {
  const running = await Promise.all(Array.from({ length: 6 }, () => world.sale()))
  const [fan] = await world.fans(1)
  const finished = await world.sale({ ends_at: inDays(4 / 86_400) })
  expect((await world.join(finished, fan!)).status).toBe(201)
  await until("the sale is over", async () => (await boardOf(finished)).body.phase === "closed")
  for (let start = 0; start < 3; start++) {
    await world.crash()
    const asked = await Promise.all([...running, finished, ...running, finished].map(boardOf))
    expect(asked.filter((each) => !isHonest(each)).map((each) => each.text)).toEqual([])
    await until("the finished sale has its board", async () => (await boardOf(finished)).body.phase === "closed")
    for (const sale of running)
      await until("each sale has its board", async () => (await boardOf(sale)).body.phase === "open")
  }
  expect((await boardOf(finished)).body).toMatchObject({ joined: 1, waiting: 0 })
  expect((await boardOf("01ARZ3NDEKTSV4RRFFQ69G5FAV")).status).toBe(404)
}, 60_000)
