import { expect, test } from "bun:test"
import { openLoopLag } from "./loop-lag.ts"

const held = () => {
  let now = 0
  const lag = openLoopLag(() => now)
  return { ...lag, after: (ms: number) => (now += ms) }
}

test("a timer that comes in time is no lag; one that comes late is, by so much", () => {
  const { look, take, after } = held()
  after(20)
  look()
  expect(take()).toBe(0)
  after(150)
  look()
  after(25)
  look()
  expect(take()).toBe(130)
})

test("every reader of its own sees the whole second, and what was taken is not told again", () => {
  const one = held()
  one.after(60)
  one.look()
  expect(one.take()).toBe(40)
  one.after(20)
  one.look()
  expect(one.take()).toBe(0)
})

test("a loop that is held up at this moment is seen before the timer comes, and told once", () => {
  const { look, take, after } = held()
  after(500)
  expect(take()).toBe(480)
  after(3)
  look()
  expect(take()).toBe(3)
})

test("a loop that was really held up is seen", async () => {
  const lag = openLoopLag()
  lag.start()
  await Bun.sleep(1)
  const until = performance.now() + 80
  while (performance.now() < until);
  await Bun.sleep(30)
  expect(lag.take()).toBeGreaterThan(40)
  lag.stop()
})
