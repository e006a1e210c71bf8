import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test"
import type { SaleId } from "../../ids.ts"
import { stores } from "../../testing/stores.ts"
import { eventually, people, roomWorld, type RoomWorld } from "../../testing/waiting-room.ts"
import { minutes, seconds } from "../../units.ts"
import type { WaitingRoom } from "../waiting-room.ts"

beforeAll(async () => void (await stores()), 60_000)

let world: RoomWorld
let room: WaitingRoom
beforeEach(async () => {
  world = await roomWorld({ limits: { joinWait: seconds(0) } })
  room = await world.node()
})
afterEach(() => world.close())

const journaled = async (saleId: SaleId) => {
  const rows = await world.sql<{ position: number }[]>`
    select position from queue_entries where sale_id = ${saleId} order by position limit 1000`
  return rows.map((each) => each.position)
}
/** As a backup that was made after the first join. */
const restoreOlder = async (saleId: SaleId) => {
  await world.sql`delete from queue_admissions where sale_id = ${saleId}`
  await world.sql`delete from queue_calls where sale_id = ${saleId}`
  await world.sql`delete from queue_entries where sale_id = ${saleId} and position > 1`
  await world.sql`update queue_rooms set journaled_id = '0-0' where sale_id = ${saleId}`
}

test("a Postgres that was restored to an older backup has from the living Redis what it lacks, within a minute", async () => {
  const { saleId } = world.sale({ shopperCapacity: 2, admitPerMinute: 60_000 })
  const accounts = people(40)
  await Promise.all(accounts.map((account) => room.join(saleId, account)))
  const scheduler = await world.scheduler()
  await world.pass(1000, scheduler)
  await room.refresh()
  const turn = await room.turn(saleId, accounts[0]!)
  expect(turn.state).toBe("admitted")
  await room.drain(saleId)
  await restoreOlder(saleId)
  expect(await journaled(saleId)).toEqual([1])
  await world.pass(minutes(1))
  await scheduler.tick()
  await eventually(async () => (await journaled(saleId)).length === 40)
  await eventually(async () => (await world.sql`select from queue_admissions where sale_id = ${saleId}`).length === 1)
  await eventually(async () => (await world.sql`select from queue_settings where sale_id = ${saleId}`).length === 2)

  // Redis goes too, and nobody who lived through it has the places in memory.
  await scheduler.stop()
  await room.stop()
  await world.redis.flushdb()
  const fresh = await world.node()
  const turns = await eventually(async () => {
    const asked = await Promise.all(accounts.map((account) => fresh.turn(saleId, account)))
    return asked.some((each) => each.state === "recovering") ? undefined : asked
  })
  expect(turns.map((each) => ("position" in each ? each.position : each.state))).toEqual(accounts.map((_, n) => n + 1))
  expect<unknown>(turns[0]).toEqual(turn)
})

test("a Postgres that knows nothing of a living room takes it over", async () => {
  const { saleId } = world.sale()
  await Promise.all(people(5).map((account) => room.join(saleId, account)))
  const scheduler = await world.scheduler()
  await world.pass(1000, scheduler)
  await room.drain(saleId)
  await world.sql`delete from queue_entries where sale_id = ${saleId}`
  await world.sql`delete from queue_calls where sale_id = ${saleId}`
  await world.sql`delete from queue_rooms where sale_id = ${saleId}`
  await eventually(async () => {
    await world.pass(minutes(1))
    await scheduler.tick()
    return (await journaled(saleId)).length === 5
  })
})
