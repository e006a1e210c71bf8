import { expect, test } from "bun:test"
import { newId, type AccountId } from "../ids.ts"
import { epochMs, later, millis, seconds, type EpochMs } from "../units.ts"
import { openPollLimiter, type PollLimits } from "./poll-limiter.ts"

const start = epochMs(Date.parse("2027-05-01T10:00:00Z"))
const [ada, bob, cyd] = [newId<AccountId>(start), newId<AccountId>(start), newId<AccountId>(start)]

const freshLimiter = (limits?: Partial<PollLimits>) => {
  let now = start
  return { ...openPollLimiter({ clock: () => now, limits }), moveTo: (at: EpochMs) => void (now = at) }
}

test("an account may poll twenty times in two seconds, then waits for the rest of them", () => {
  const { take, moveTo } = freshLimiter()
  for (let n = 0; n < 20; n++) expect(take(ada)).toBe(millis(0))
  expect(take(ada)).toBe(seconds(2))
  moveTo(later(start, millis(1999)))
  expect(take(ada)).toBe(millis(1))
  moveTo(later(start, seconds(2)))
  expect(take(ada)).toBe(millis(0))
})

test("one account's polls cost another nothing", () => {
  const { take } = freshLimiter({ polls: 1 })
  expect([take(ada), take(ada), take(bob)]).toEqual([millis(0), seconds(2), millis(0)])
})

test("over a minute an account gets no more than ten polls a second", () => {
  const { take, moveTo } = freshLimiter()
  let answered = 0
  for (let at = 0; at < 60_000; at += 10) {
    moveTo(later(start, millis(at)))
    if (take(ada) === 0) answered++
  }
  expect(answered).toBe(600)
})

test("a clock that steps back opens a new window and locks nobody out", () => {
  const { take, moveTo } = freshLimiter({ polls: 1 })
  expect([take(ada), take(ada)]).toEqual([millis(0), seconds(2)])
  moveTo(later(start, seconds(-3600)))
  expect([take(ada), take(ada)]).toEqual([millis(0), seconds(2)])
})

test("no more accounts are counted than the bound", () => {
  const { take, size } = freshLimiter({ counted: 2, polls: 1 })
  for (const account of [ada, bob]) take(account)
  expect([take(ada), take(bob)]).toEqual([seconds(2), seconds(2)])
  expect(take(cyd)).toBe(millis(0))
  for (let n = 0; n < 1000; n++) take(newId<AccountId>(start))
  expect(size()).toBeLessThanOrEqual(2)
})
