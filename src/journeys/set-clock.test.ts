import { afterAll, beforeAll, expect, test } from "bun:test"
import { lookupRunning } from "../appliance/running.ts"
import { trustedId, type SaleId } from "../ids.ts"
import { runTraffic } from "../testing/command.ts"
import { poisonRoom } from "../testing/faults/poison.ts"
import { storesOf } from "../testing/faults/store-look.ts"
import { until } from "../testing/until.ts"
import { inDays, openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld()), 60_000)
afterAll(() => world.close(), 60_000)

const hour = 3_600_000
const phaseOf = async (sale: string) =>
  (await world.request("GET", `/v1/sales/${sale}/waiting-room/board`)).body.phase as string

test("a room that an older build has led an hour ahead is set right while it is served, with all places and times", async () => {
  const settings = { ends_at: inDays(1 / 48), shopper_capacity: 1, hold_sec: 300, admission_sec: 600 }
  const [sale, sound] = [await world.sale(settings), await world.sale(settings)]
  const fans = await world.fans(4)
  for (const fan of fans) await world.join(sale, fan)
  const token = await world.admitted(sale, fans[0]!)
  const hold = await world.hold(sale, token, { quantity: 1 })
  const before = (await world.status(sale, fans[0]!)).body
  const stores = storesOf(world)
  await stores.redis((redis) => poisonRoom(redis, trustedId<SaleId>(sale), hour))
  await stores.sql((sql) => sql`update holds set expires_at = expires_at + interval '1 hour' where sale_id = ${sale}`)
  await until("the sale is over before its time", async () => (await phaseOf(sale)) === "closed")

  const { redisUrl, cacheUrl, databaseUrl } = lookupRunning(`${world.folder}/data`)!
  const env = { REDIS_URL: redisUrl, REDIS_CACHE_URL: cacheUrl, DATABASE_URL: databaseUrl }
  const { code, out, err } = await runTraffic(["set-clock", sale], env)
  expect([code, err]).toEqual([0, ""])
  expect(out).toMatch(/its waiting room was 3(600|599) s ahead and is right; .*1 holds were set back/)
  expect(await phaseOf(sound)).toBe("open")
  await until("the sale is open again", async () => (await phaseOf(sale)) === "open")
  for (const [index, fan] of fans.entries()) {
    const { body } = await world.status(sale, fan)
    expect(body).toMatchObject({ position: index + 1, admitted: index === 0 })
  }
  const { body } = await world.status(sale, fans[0]!)
  expect(Math.abs(Date.parse(body.admission_expires_at) - Date.parse(before.admission_expires_at))).toBeLessThan(5000)
  const again = JSON.parse((await runTraffic(["set-clock", "--all", "--json"], env)).out)
  const right = { room: "right", moved_by_ms: 0, admissions: 0, holds: 0 }
  for (const each of [sale, sound]) expect(again.sales).toContainEqual({ sale_id: each, ...right })
  expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)
  expect((await world.admitted(sale, fans[1]!)).length).toBeGreaterThan(0)
  expect(await stores.breaches(sale)).toEqual([])

  const unknown = await runTraffic(["set-clock", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], env)
  expect(unknown.code).toBe(64)
  expect(unknown.err).toContain("there is no such sale in these stores; name another, or other stores with --data-dir")
}, 60_000)
