import { expect, test } from "bun:test"
import { silentLog, type LogFields } from "./log.ts"
import { openLoop, type LoopParts } from "./loop.ts"
import { eventually } from "./testing/waiting-room.ts"
import { millis, minutes } from "./units.ts"

/** A loop whose ticks end when the test says so. */
const heldLoop = (parts: Partial<LoopParts> = {}) => {
  const held: PromiseWithResolvers<void>[] = []
  const work = () => held[held.push(Promise.withResolvers()) - 1]!.promise
  const loop = openLoop({ name: "held", every: millis(1), work, log: silentLog, ...parts })
  return { ...loop, begun: () => held.length, end: () => held.at(-1)!.resolve() }
}

test("a tick comes at once, the next when the first has ended, and none overlaps another", async () => {
  const { start, stop, tick, begun, end } = heldLoop()
  start()
  start()
  void tick()
  await Bun.sleep(20)
  expect(begun()).toBe(1)
  end()
  await eventually(() => begun() === 2)
  end()
  await stop()
})

test("stop waits for the tick under way, and no other follows", async () => {
  const { start, stop, begun, end } = heldLoop()
  start()
  let isStopped = false
  const stopped = stop().then(() => (isStopped = true))
  await Bun.sleep(5)
  expect(isStopped).toBe(false)
  end()
  await stopped
  await Bun.sleep(20)
  expect(begun()).toBe(1)
})

test("a loop that is started again while a tick ends goes round once, not twice", async () => {
  const { start, stop, tick, begun, end } = heldLoop({ every: minutes(1) })
  start()
  void stop()
  start()
  end()
  await Bun.sleep(5)
  expect(begun()).toBe(1)
  void tick()
  end()
  await stop()
  expect(begun()).toBe(2)
})

test("a loop may begin with a pause", async () => {
  const { start, stop, begun } = heldLoop({ first: "pause", every: minutes(1) })
  start()
  await Bun.sleep(5)
  expect(begun()).toBe(0)
  await stop()
})

test("a failed tick is logged whole and ends nothing; what passes by itself is a warning", async () => {
  const lines: [string, LogFields][] = []
  const log = {
    ...silentLog,
    warn: (fields: LogFields) => void lines.push(["warn", fields]),
    error: (fields: LogFields) => void lines.push(["error", fields]),
  }
  const failures = [new Error("away"), new Error("broken")]
  const [away] = failures
  let ticks = 0
  const work = () => {
    const failure = failures[ticks++]
    if (failure) throw failure
  }
  const loop = openLoop({ name: "sweeper", every: millis(1), work, log, isAway: (error) => error === away })
  loop.start()
  await eventually(() => ticks > 3)
  await loop.stop()
  expect(lines).toEqual([
    ["warn", { error: away, loop: "sweeper" }],
    ["error", { error: failures[1], loop: "sweeper" }],
  ])
})
