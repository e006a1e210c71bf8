import { expect, test } from "bun:test"
import { randomFrom } from "../../../scenarios/lib/random.ts"
import { epochMs } from "../../units.ts"
import type { Second } from "../model/figures.ts"
import { soakChecks } from "./soak.ts"

type Sizes = { serverMb?: number; connections?: number }
const run = (lengthSeconds: number, figures: (second: number) => Sizes): Second[] =>
  Array.from({ length: lengthSeconds }, (_, second) => {
    const { serverMb, connections } = figures(second)
    return {
      at: epochMs(1_000_000 + 1000 * second),
      people: 60,
      requestsPerSecond: 100,
      failedRate: 0,
      memoryServerMb: serverMb,
      postgresConnections: connections,
    }
  })

/** Garbage that is collected every 20 s, and noise of a few MB. */
const breathing = (seed: number) => {
  const random = randomFrom(seed)
  return (second: number) => 200 + 1.5 * (second % 20) + 6 * random()
}
const half = 30 * 60

test("a server that breathes and keeps its size passes, whatever the noise", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const memory = breathing(seed)
    const [size, connections] = soakChecks(run(half, (second) => ({ serverMb: memory(second), connections: 12 })))
    expect(size).toMatchObject({ passed: true, judged: true })
    expect(connections).toMatchObject({
      passed: true,
      judged: true,
      seen: "12 in the first quarter and 12 in the last",
    })
  }
})

test("a leak of half its size an hour is found, with where it began and ended", () => {
  const memory = breathing(1)
  const [size] = soakChecks(run(half, (second) => ({ serverMb: memory(second) + (100 * second) / 3600 })))
  expect(size).toMatchObject({ passed: false, judged: true })
  expect(size!.seen).toMatch(/^\+4\d % an hour of \d+ MB, between \+\d+ % and \+\d+ %$/)
  expect(size!.counterExample).toMatch(/^\d+ MB at 00:2\d:\d\d and \d+ MB at 00:4\d:\d\d$/)
})

test("what a server takes while it warms up is no leak", () => {
  const [size] = soakChecks(run(half, (second) => ({ serverMb: second < 300 ? 60 + second / 2 : 210 })))
  expect(size).toMatchObject({ passed: true, judged: true })
})

test("one collection that comes late is no leak", () => {
  const [size] = soakChecks(run(half, (second) => ({ serverMb: second > 1000 && second < 1200 ? 320 : 200 })))
  expect(size).toMatchObject({ passed: true, judged: true })
})

test("memory that jumps about is not judged", () => {
  const random = randomFrom(3)
  const [size] = soakChecks(run(500, (second) => ({ serverMb: 150 + second / 30 + 250 * random() })))
  expect(size).toMatchObject({ judged: false })
  expect(size!.seen).toContain("too uneven to tell")
})

test("connections that are never given back are found, at the first that was too many", () => {
  const connections = soakChecks(
    run(half, (second) => ({ serverMb: 200, connections: 10 + Math.floor(second / 300) })),
  )[1]
  expect(connections).toMatchObject({
    passed: false,
    judged: true,
    seen: "12 in the first quarter and 15 in the last",
    counterExample: "15 connections at 00:41:40",
  })
})

test("a run that is too short, or tells nothing, is not judged and says why", () => {
  const short = soakChecks(run(15, () => ({ serverMb: 200, connections: 9 })))
  expect(short.map((each) => [each.passed, each.judged])).toEqual([
    [true, false],
    [true, false],
  ])
  expect(short[0]!.seen).toBe("0 s after the warm-up are too short; 300 s are needed, so run it longer")
  expect(soakChecks([]).map((each) => each.judged)).toEqual([false, false])
  expect(soakChecks(run(half, () => ({})))[0]).toMatchObject({ judged: false, seen: "this machine does not tell" })
})
