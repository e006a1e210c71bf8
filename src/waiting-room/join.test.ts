import { afterAll, beforeAll, expect, test } from "bun:test"
import { people, roomWorld, start, type RoomWorld } from "../testing/waiting-room.ts"
import { epochMs, minutes } from "../units.ts"
import { keysOf } from "./keys.ts"
import type { JoinOutcome } from "./waiting-room.ts"

let world: RoomWorld
beforeAll(async () => {
  world = await roomWorld()
})
afterAll(() => world.close())

const positionOf = (outcome: JoinOutcome) => {
  if (outcome.state !== "joined") throw new Error(`not joined: ${outcome.state}`)
  return outcome.position
}

test("200 accounts that join five times at once get the positions 1 to 200, and every account one answer", async () => {
  const [here, there] = [await world.node(), await world.node()]
  const { saleId } = world.sale()
  const accounts = people(200)
  const joins = accounts.flatMap((account) =>
    Array.from({ length: 5 }, (_, index) => ({ account, node: index % 2 ? here : there })),
  )
  const outcomes = await Promise.all(
    joins
      .toSorted(() => Math.random() - 0.5)
      .map(async ({ account, node }) => ({ account, outcome: await node.join(saleId, account) })),
  )
  const answers = new Map<string, Set<string>>()
  for (const { account, outcome } of outcomes)
    answers.set(account, (answers.get(account) ?? new Set()).add(`${positionOf(outcome)}`))
  expect([...answers.values()].map((each) => each.size)).toEqual(Array(200).fill(1))
  const positions = [...answers.values()].map(([position]) => Number(position)).toSorted((a, b) => a - b)
  expect(positions).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
  expect(outcomes.filter(({ outcome }) => outcome.state === "joined" && outcome.first)).toHaveLength(200)
})

test("whoever joined before keeps the position and the time of the first join", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  const [ada, bob] = people(2)
  const first = await room.join(saleId, ada!)
  await room.join(saleId, bob!)
  const again = await room.join(saleId, ada!)
  expect(first).toEqual({ state: "joined", position: 1, joinedAt: world.now(), first: true })
  expect(again).toEqual({ state: "joined", position: 1, joinedAt: world.now(), first: false })
})

test("a join that was sent after another was answered is behind it, on whatever node", async () => {
  const nodes = [await world.node(), await world.node(), await world.node()]
  const { saleId } = world.sale()
  let before = 0
  for (const [index, account] of people(30).entries()) {
    const noise = people(5).map((each) => nodes[(index + 1) % 3]!.join(saleId, each))
    const position = positionOf(await nodes[index % 3]!.join(saleId, account))
    expect(position).toBeGreaterThan(before)
    before = position
    await Promise.all(noise)
  }
})

test("the cap counts who waits, exactly, and those who are inside already are not refused", async () => {
  const room = await world.node()
  const { saleId } = world.sale({ waitingRoomCap: 50 })
  const accounts = people(300)
  const outcomes = await Promise.all(accounts.map((account) => room.join(saleId, account)))
  expect(outcomes.filter((each) => each.state === "joined")).toHaveLength(50)
  expect(outcomes.filter((each) => each.state === "full")).toHaveLength(250)
  expect(await room.join(saleId, accounts[0]!)).toMatchObject({ state: "joined", first: false })
  const scheduler = await world.scheduler()
  await scheduler.tick()
  await world.pass(1000, scheduler)
  await room.refresh()
  const { nowServing, waiting } = room.snapshot(saleId)!
  expect(nowServing).toBeGreaterThan(0)
  expect(waiting).toBe(50 - nowServing)
  const later = await Promise.all(people(300).map((account) => room.join(saleId, account)))
  expect(later.filter((each) => each.state === "joined")).toHaveLength(nowServing)
})

test("joins are refused before the queue opens and after the end, and say when it opens", async () => {
  const room = await world.node()
  const opensAt = epochMs(world.now() + minutes(10))
  const { saleId } = world.sale({ queueOpensAt: epochMs(world.now() + minutes(5)), opensAt })
  const [ada] = people(1)
  expect(await room.join(saleId, ada!)).toEqual({
    state: "closed",
    phase: "scheduled",
    opensAt,
    queueOpensAt: epochMs(world.now() + minutes(5)),
  })
  const over = world.sale({ closed: true })
  expect(await room.join(over.saleId, ada!)).toMatchObject({ state: "closed", phase: "closed" })
  expect(await world.redis.exists(keysOf(over.saleId).positions)).toBe(0)
})

test("joins are taken while the sale is paused", async () => {
  const room = await world.node()
  const { saleId } = world.sale({ paused: true })
  expect(await room.join(saleId, people(1)[0]!)).toMatchObject({ state: "joined", position: 1 })
})

test("an unknown sale is told as such and leaves nothing behind", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  world.sales.delete(saleId)
  expect(await room.join(saleId, people(1)[0]!)).toEqual({ state: "unknown_sale" })
  expect(await room.turn(saleId, people(1)[0]!)).toEqual({ state: "unknown_sale" })
  expect(await world.redis.keys(`*${saleId}*`)).toEqual([])
})

test("joins answer busy while Postgres lags too far behind, and go on when the journal has caught up", async () => {
  const room = await world.node({ journalLagMax: 40 })
  const { saleId } = world.sale()
  const outcomes = await Promise.all(people(60).map((account) => room.join(saleId, account)))
  expect(outcomes.filter((each) => each.state === "joined")).toHaveLength(40)
  expect(outcomes.filter((each) => each.state === "busy")).toHaveLength(20)
  await room.drain(saleId)
  expect(await room.join(saleId, people(1)[0]!)).toMatchObject({ state: "joined", position: 41 })
})

test("a process takes no more joins at once than it has room for", async () => {
  const room = await world.node({ pendingMax: 10 })
  const { saleId } = world.sale()
  await room.open(world.sales.get(saleId)!)
  const outcomes = await Promise.all(people(15).map((account) => room.join(saleId, account)))
  expect(outcomes.filter((each) => each.state === "busy")).toHaveLength(5)
})

test("one waiting account costs at most 250 bytes of Redis, journal included", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  const usage = async () => {
    const sizes = await Promise.all(
      Object.values(keysOf(saleId)).map((key) => world.redis.call("MEMORY", "USAGE", key, "SAMPLES", "0")),
    )
    return sizes.reduce<number>((sum, each) => sum + Number(each ?? 0), 0)
  }
  await Promise.all(people(100).map((account) => room.join(saleId, account)))
  const before = await usage()
  await Promise.all(people(5000).map((account) => room.join(saleId, account)))
  const perAccount = ((await usage()) - before) / 5000
  expect(perAccount).toBeGreaterThan(50)
  expect(perAccount).toBeLessThanOrEqual(250)
  await world.redis.unlink(...Object.values(keysOf(saleId)))
})

test("scripts that Redis forgets in the middle of it change nothing", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  const accounts = people(300)
  const joins = accounts.map(async (account, index) => {
    if (index % 20 === 0) await world.redis.script("FLUSH")
    return positionOf(await room.join(saleId, account))
  })
  const positions = (await Promise.all(joins)).toSorted((a, b) => a - b)
  expect(positions).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
})

test("the times of joins come from a clock that is not moved by one wrong node", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  await room.open(world.sales.get(saleId)!)
  const right = world.now()
  world.jumpTo(epochMs(right + minutes(24 * 60)))
  const joined = await room.join(saleId, people(1)[0]!)
  world.jumpTo(right)
  expect(joined.state === "joined" && joined.joinedAt - start).toBeLessThanOrEqual(right - start + 5000)
})
