import { expect, test } from "bun:test"
import { openClock } from "./clock.ts"

const start = 1_800_000_000_000
/** A machine: its wall clock and its monotonic one, both moved by hand. */
const machine = () => {
  const now = { wall: start, monotonic: 500 }
  const clock = openClock(
    () => now.wall,
    () => now.monotonic,
  )
  const pass = (ms: number, { wallGains = 0 }: { wallGains?: number } = {}) => {
    now.wall += ms + wallGains
    now.monotonic += ms
    return clock() - start
  }
  return { now, clock, pass }
}

test("time passes as the machine counts it", () => {
  const { pass } = machine()
  expect([pass(0), pass(250), pass(60_000)]).toEqual([0, 250, 60_250])
})

for (const [what, step] of [
  ["a day ahead", 86_400_000],
  ["an hour back", -3_600_000],
  ["a minute ahead", 60_000],
  ["eleven seconds back", -11_000],
] as const)
  test(`a step of ${what} moves nobody`, () => {
    const { now, clock, pass } = machine()
    pass(1000)
    now.wall += step
    expect(clock() - start).toBe(1000)
    expect(pass(1000)).toBe(2000)
    for (let second = 0; second < 600; second++) pass(1000)
    expect(clock() - start).toBe(602_000)
  })

test("small drift is followed, a twentieth of the time that passes, until it is caught up", () => {
  const { now, clock, pass } = machine()
  now.wall += 2000
  expect(clock() - start).toBe(0)
  expect(pass(1000)).toBe(1050)
  expect(pass(20_000)).toBe(22_050)
  for (let second = 0; second < 60; second++) pass(1000)
  expect(clock()).toBe(now.wall as ReturnType<typeof clock>)
})

test("a wall that runs slow is followed too, and time never goes back", () => {
  const { now, clock, pass } = machine()
  now.wall -= 2000
  let before = clock()
  for (let tick = 0; tick < 1000; tick++) {
    pass(100)
    const at = clock()
    expect(at).toBeGreaterThanOrEqual(before)
    before = at
  }
  expect(before).toBe(now.wall as typeof before)
})

test("a monotonic clock that stumbles takes no time away", () => {
  const { now, clock, pass } = machine()
  pass(1000)
  now.monotonic -= 400
  expect(clock() - start).toBe(1000)
  expect(pass(100)).toBeWithin(1095, 1106)
})
