import { expect, test } from "bun:test"
import { trustedId, type SaleId } from "../../ids.ts"
import { epochMs, seconds } from "../../units.ts"
import { version } from "../../version.ts"
import { lookupScenario, scriptHashOf } from "../scenarios/catalog.ts"
import { parsePlan, planText, type Plan } from "./plan.ts"

const saleId = trustedId<SaleId>("01ARZ3NDEKTSV4RRFFQ69G5FAV")
const plan: Omit<Plan, "hash"> = {
  planId: "01ARZ3NDEKTSV4RRFFQ69G5FAW",
  trafficVersion: version,
  scriptHash: scriptHashOf(lookupScenario("launch_spike")!),
  settings: {
    scenario: "launch_spike",
    vusMax: 2,
    rampUp: seconds(2),
    steady: seconds(4),
    rampDown: seconds(2),
    admitPerMinute: 60,
    waitingRoomCap: 10,
    totalSeats: 10,
    seed: 1,
    saleId,
  },
  target: "http://127.0.0.1:8080",
  startsAt: epochMs(1_800_000_000_000),
  fans: [
    { user_id: "ada", token: "a" },
    { user_id: "bob", token: "b" },
  ],
}

test("a plan is read as it was written, and its hash is that of its content", () => {
  const { hash, ...read } = parsePlan(planText(plan), "plan.json")
  expect(read).toEqual(plan)
  const indented = JSON.stringify(JSON.parse(planText(plan)), null, 2)
  expect(parsePlan(indented, "plan.json").hash).toBe(hash)
  const seeded = { ...plan, settings: { ...plan.settings, seed: 2 } }
  expect(parsePlan(planText(seeded), "plan.json").hash).not.toBe(hash)
})

test("more people than one machine carries are no fault of a plan", () => {
  const many = Array.from({ length: 30_000 }, (_, index) => ({ user_id: `fan${index}`, token: "t" }))
  const large = { ...plan, settings: { ...plan.settings, vusMax: 30_000 }, fans: many }
  expect(parsePlan(planText(large), "plan.json").fans.length).toBe(30_000)
})

for (const [what, text, sentence] of [
  ["no plan at all", "", "plan.json is no plan: make one with `traffic sim prepare SCENARIO --target URL > plan.json`"],
  ["something else", "{}", "plan.json is no plan"],
  ["another version", planText({ ...plan, trafficVersion: "0.0.1" }), "plan.json was made by traffic 0.0.1"],
  ["another script", planText({ ...plan, scriptHash: "x" }), "plan.json was made with another script of launch_spike"],
  ["missing people", planText({ ...plan, fans: [] }), "plan.json names 0 of 2 people"],
  ["a setting out of range", planText({ ...plan, settings: { ...plan.settings, vusMax: 0 } }), "plan.json: vus_max"],
] as const)
  test(`${what} is refused by the name of the file`, () => {
    expect(() => parsePlan(text, "plan.json")).toThrow(sentence)
  })
