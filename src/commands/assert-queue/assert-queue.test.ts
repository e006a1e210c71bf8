import { expect, test } from "bun:test"
import { Fault } from "../../fault.ts"
import { newId, type SaleId } from "../../ids.ts"
import { goodRun } from "../../testing/lab/lab-run.ts"
import { epochMs } from "../../units.ts"
import { answer } from "../program.ts"
import { assertQueue, type AssertQueueParts } from "./assert-queue.ts"

const sale = newId<SaleId>(epochMs(1_800_000_000_000))
const run = async (given: string, truth: AssertQueueParts["truth"], json = false) => {
  const out: string[] = []
  const complaints: string[] = []
  const drained: string[] = []
  const parts: AssertQueueParts = {
    truth,
    drain: async (saleId) => void drained.push(saleId),
    out: (line) => void out.push(line),
  }
  const code: number = await answer(
    () => assertQueue({ sale: given, json }, parts),
    (line) => complaints.push(line),
  )
  return { code, out: out.join("\n"), complaints: complaints.join("\n"), drained }
}

test("a sale that holds: 0, each check with what it looked at, after the journal was drained", async () => {
  const { code, out, drained } = await run(sale, async () => goodRun().truth)
  expect([code, drained]).toEqual([0, [sale]])
  expect(out).toMatch(/pass {2}I5 positions dense +3 entries/)
  expect(out).toEndWith("PASS")
})

test("a sale that does not hold: 1 and the first case, as JSON too", async () => {
  const { truth } = goodRun()
  truth.calls.pop()
  const { code, out } = await run(sale, async () => truth, true)
  expect(code).toBe(1)
  const { verdict, checks } = JSON.parse(out)
  expect(verdict).toBe("FAIL")
  expect(checks.find((each: { passed: boolean }) => !each.passed).counter_example).toBe(
    "cyd was let in at position 3, which was never called",
  )
})

test("an id that is none and a sale that is not there: 64 and a sentence", async () => {
  const absent = async () => {
    throw new Fault("sale_not_found", "none")
  }
  expect(await run("abc", absent)).toMatchObject({
    code: 64,
    complaints: expect.stringContaining("a ULID of 26 characters"),
  })
  expect(await run(sale, absent)).toMatchObject({
    code: 64,
    complaints: expect.stringContaining("there is no such sale"),
  })
})
