import { expect, test } from "bun:test"
import fc from "fast-check"
import { people, roomWorld } from "../testing/waiting-room.ts"
import { epochMs } from "../units.ts"
import { phaseOf } from "./phase.ts"
import { keysOf } from "./keys.ts"
import { join } from "./scripts.ts"
import { fieldsOf } from "./settings.ts"

test("the script that takes joins and the pages agree on the phase", async () => {
  const world = await roomWorld()
  const node = await world.node()
  const { saleId, ...settings } = world.sale()
  await node.open({ saleId, ...settings })
  const now = world.now()
  const around = fc.integer({ min: -3, max: 3 }).map((step) => epochMs(now + step))
  const times = fc.record({
    queueOpensAt: around,
    opensAt: around,
    endsAt: around,
    paused: fc.boolean(),
    closed: fc.boolean(),
  })
  const seen = new Set<string>()
  const agree = fc.asyncProperty(times, fc.boolean(), async (patch, soldOut) => {
    await world.redis.hset(keysOf(saleId).state, ...fieldsOf(patch), "sold_out", Number(soldOut))
    const expected = phaseOf({ ...settings, ...patch }, { now, soldOut })
    seen.add(expected)
    const args = { generation: 1, now_ms: now, lead_ms: 5000, floor: 0, lag_cap: 100_000, batch: people(1)[0]! }
    const reply = await join(world.redis, keysOf(saleId), args)
    const answer = reply.state === "joined" ? reply.answers[0] : undefined
    if (["queueing", "open", "paused"].includes(expected)) expect(answer).toMatchObject({ state: "joined" })
    else expect(answer).toEqual({ state: "closed", phase: expected })
  })
  await fc.assert(agree, { numRuns: 300 })
  expect([...seen].toSorted()).toEqual(["closed", "open", "paused", "queueing", "scheduled", "sold_out"])
  await world.close()
})
