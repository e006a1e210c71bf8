import { afterAll, beforeAll, expect, test } from "bun:test"
import { openWorld, type World } from "../../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld({ env: { K6_BIN: "/nowhere" } })), 60_000)
afterAll(() => world.close(), 60_000)

test("a hold is extended once: the same key repeats the answer, another one is refused, strangers find nothing", async () => {
  const sale = await world.sale()
  const [ada, bob] = await world.fans(2)
  await world.join(sale, ada!)
  await world.join(sale, bob!)
  const [token, bobs] = [await world.admitted(sale, ada!), await world.admitted(sale, bob!)]
  const { body: hold } = await world.hold(sale, token, { quantity: 2 })
  const extend = (admission: string, key = "more", holdId = hold.hold_id as string) =>
    world.request("POST", `/v1/sales/${sale}/holds/${holdId}/extend`, {
      headers: world.admission(admission),
      body: { idempotency_key: key },
    })
  const codeOf = ({ status, body }: Awaited<ReturnType<typeof extend>>) => [status, body.code]

  const extended = await extend(token)
  expect(extended.status).toBe(200)
  expect(extended.body).toEqual({ ...hold, expires_at: expect.any(String) })
  expect(Date.parse(extended.body.expires_at as string)).toBeGreaterThan(Date.parse(hold.expires_at as string))
  expect((await extend(token)).body).toEqual(extended.body)
  expect(codeOf(await extend(token, "again"))).toEqual([409, "hold_already_extended"])
  expect(codeOf(await extend(bobs))).toEqual([404, "hold_not_found"])
  expect(codeOf(await extend(token, "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV"))).toEqual([404, "hold_not_found"])

  const given = await world.hold(sale, bobs, { quantity: 1 })
  const gone = given.body.hold_id as string
  await world.request("DELETE", `/v1/sales/${sale}/holds/${gone}`, { headers: world.admission(bobs) })
  expect(codeOf(await extend(bobs, "late", gone))).toEqual([410, "hold_expired"])
  expect((await world.request("GET", "/metrics")).text).toContain("traffic_holds_extended_total 2")
})
