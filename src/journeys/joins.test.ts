import { afterAll, beforeAll, expect, test } from "bun:test"
import { openWorld, type Answer, type World } from "../testing/world.ts"

let world: World
beforeAll(
  async () =>
    void (world = await openWorld({
      env: { TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "1000000", TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN: "1000" },
    })),
  60_000,
)
afterAll(() => world.close(), 60_000)

test("200 accounts join 5 times at once: positions are exactly 1 to 200 and each account has one", async () => {
  const sale = await world.sale()
  const fans = await world.fans(200)
  const answers = await Promise.all(
    fans.flatMap((fan) =>
      Array.from({ length: 5 }, async () => ({ fan: fan.userId, answer: await world.join(sale, fan) })),
    ),
  )
  expect(answers.map(({ answer }) => answer.status).filter((status) => status !== 200 && status !== 201)).toEqual([])
  expect(answers.filter(({ answer }) => answer.status === 201)).toHaveLength(200)
  const positions = new Map<string, Set<string>>()
  for (const { fan, answer } of answers)
    positions.set(fan, (positions.get(fan) ?? new Set()).add(`${answer.body.position} ${answer.body.receipt}`))
  expect([...positions.values()].filter((each) => each.size !== 1)).toEqual([])
  const given = [...positions.values()].map((each) => Number([...each][0]!.split(" ")[0])).sort((a, b) => a - b)
  expect(given).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
}, 60_000)

test("500 people for 50 seats: 50 tickets, everybody else is told why, and no cap is broken", async () => {
  const sale = await world.sale({ total_seats: 50, max_tickets_per_user: 2 })
  const fans = await world.fans(500)
  const outcomes = await Promise.all(fans.map((fan) => shop(world, sale, fan)))
  const tickets = outcomes.flatMap((each) => each.tickets)
  expect(tickets).toHaveLength(50)
  expect(new Set(tickets).size).toBe(50)
  expect(outcomes.filter((each) => each.tickets.length === 0 && !each.told)).toEqual([])
  const stats = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
  expect([stats.body.tickets_sold, stats.body.seats_available, stats.body.seats_held]).toEqual([50, 0, 0])
}, 120_000)

/** One person until they have a ticket or an answer that says why not. */
export const shop = async (
  world: World,
  sale: string,
  fan: { userId: string; token: string },
): Promise<{ tickets: string[]; told: string }> => {
  const joined = await world.join(sale, fan)
  if (joined.status >= 400) return { tickets: [], told: joined.body.code }
  for (let left = 300; left > 0; left--) {
    const status = await world.status(sale, fan)
    if (status.body.admitted) {
      const token: string = status.body.admission_token
      const choice = { quantity: 1, idempotency_key: crypto.randomUUID() }
      const hold = await comeAgain(() => world.hold(sale, token, choice))
      if (hold.status === 200) {
        const purchase = { hold_id: hold.body.hold_id, idempotency_key: crypto.randomUUID() }
        const order = await comeAgain(() => world.checkout(sale, token, purchase))
        return { tickets: order.body.ticket_ids ?? [], told: order.body.code ?? "" }
      }
      if (hold.body.code !== "unavailable") return { tickets: [], told: hold.body.code }
      await comeAgain(() => world.request("DELETE", `/v1/sales/${sale}/admission`, { headers: world.admission(token) }))
      return { tickets: [], told: "unavailable" }
    }
    if (status.body.phase === "sold_out") return { tickets: [], told: "sold_out" }
    await Bun.sleep(200)
  }
  return { tickets: [], told: "" }
}

/** As Retry-After says, with the same key: a crowd that comes at one moment is more than may wait for Postgres. */
const comeAgain = async (ask: () => Promise<Answer>): Promise<Answer> => {
  for (let left = 60; ; left--) {
    const answer = await ask()
    if (answer.status !== 503 || left === 0) return answer
    await Bun.sleep(1000 * Number(answer.headers.get("retry-after")) * (1 + Math.random() / 2))
  }
}
