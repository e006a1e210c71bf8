import { afterAll, beforeAll, expect, test } from "bun:test"
import { isOdd } from "../testing/faults/crowd.ts"
import { openNodes } from "../testing/faults/nodes.ts"
import { until } from "../testing/until.ts"
import type { Answer } from "../testing/world.ts"

let opened: Awaited<ReturnType<typeof openNodes>>
beforeAll(async () => void (opened = await openNodes(1)), 60_000)
afterAll(() => opened.close(), 60_000)

/**
 * In milliseconds, with room for a busy machine: a join waits for a second whether its room comes back, and a statement for as long
 * as a connection to Postgres is tried.
 */
const quick = { redis: 1500, cache: 1500, postgres: 6000 }

type Wire = keyof typeof quick

const timed = async (ask: () => Promise<Answer>) => {
  const asked = performance.now()
  const answer = await ask()
  return { answer, took: performance.now() - asked }
}

/** Asks while the wire is dead until answers are quick again, mends it, and waits for the work to go on. */
const throughDeath = async (wire: Wire, ask: () => Promise<Answer>) => {
  expect((await ask()).status).toBeLessThan(300)
  opened.wires[wire].blackHole()
  const answers: Answer[] = []
  await until(`with ${wire} dead, answers are quick`, async () => {
    const { answer, took } = await timed(ask)
    answers.push(answer)
    return took < quick[wire]
  })
  answers.push(await ask())
  opened.wires[wire].pass()
  await until(`${wire} is back`, async () => (await ask()).status < 300, 200)
  expect(answers.filter(isOdd).map((each) => `${each.status} ${each.text}`)).toEqual([])
  return answers.at(-1)!
}

test("a dead wire to the queue's Redis: joins are refused quickly, and go on by themselves", async () => {
  const [world] = opened.nodes
  const sale = await world!.sale({ admit_per_minute: 1, shopper_capacity: 1 })
  const fans = await world!.fans(500)
  const refused = await throughDeath("redis", () => world!.join(sale, fans.pop()!))
  const { text } = await world!.request("GET", "/metrics")
  expect(text).toMatch(/traffic_store_connections_replaced_total\{pool="traffic"\} [1-9]/)
  expect(world!.errors()).toContain(
    '"store":"traffic","count":1,"msg":"connections on which the store no longer answers',
  )
  expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([503, true])
}, 60_000)

test("a dead wire to the cache keeps nobody from joining", async () => {
  const [world] = opened.nodes
  const sale = await world!.sale({ admit_per_minute: 1, shopper_capacity: 1 })
  const fans = await world!.fans(500)
  const joined = await throughDeath("cache", () => world!.join(sale, fans.pop()!))
  expect(joined.status).toBe(201)
}, 60_000)

test("a dead wire to Postgres: holds are refused, other places are told, and holds go on by themselves", async () => {
  const [world] = opened.nodes
  const sale = await world!.sale({ total_seats: 5000, max_tickets_per_user: 10 })
  const [fan, waiting] = await world!.fans(2)
  await world!.join(sale, fan!)
  await world!.join(sale, waiting!)
  const token = await world!.admitted(sale, fan!)
  const hold = async () => {
    const answer = await world!.hold(sale, token, { quantity: 1 })
    // One hold at a time: what was given is given back.
    return answer.status === 409 ? { ...answer, status: 200 } : answer
  }
  const told = () => timed(() => world!.status(sale, waiting!))
  const dying = throughDeath("postgres", hold)
  await Bun.sleep(1000)
  const status = await told()
  expect([status.answer.status, status.took < 1000]).toEqual([200, true])
  const refused = await dying
  expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([503, true])
}, 90_000)
