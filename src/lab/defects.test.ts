import { afterAll, describe, expect, test } from "bun:test"
import { checkNames } from "./model/check.ts"
import { alarms, tableOf, type Row, type Rung } from "../testing/defects/table.ts"
import { k6Rows } from "../testing/defects/k6.ts"
import { killedRedisRows } from "../testing/defects/killed-redis.ts"
import { queueRows } from "../testing/defects/queue.ts"
import { shopRows } from "../testing/defects/shop.ts"
import { storyRows } from "../testing/defects/histories.ts"
import { verdictRows } from "../testing/defects/verdicts.ts"

const rows: Row[] = [...shopRows, ...queueRows, ...killedRedisRows, ...verdictRows, ...storyRows, ...k6Rows]
const found: { row: Row; rung: Rung }[] = []
const emitted = new Set<string>()
const isCheck = (alarm: string) => (checkNames as readonly string[]).includes(alarm)

describe("a seeded defect turns its check red, and no other", () => {
  for (const row of rows)
    test(`${row.alarm}: ${row.defect}`, async () => {
      const sound = await row.sound()
      expect(sound.rung).toEqual([])
      if (isCheck(row.alarm)) expect(sound.passed).toContain(row.alarm)
      const broken = await row.broken()
      for (const each of [...sound.emitted, ...broken.emitted]) emitted.add(each)
      expect(new Set(broken.rung.map((each) => each.alarm))).toEqual(new Set([row.alarm, ...(row.also ?? [])]))
      const rung = broken.rung.find((each) => each.alarm === row.alarm)!
      expect(rung.example).toMatch(row.example)
      found.push({ row, rung })
    }, 60_000)
})

test("everything that the lab can find fault with has a seeded defect", () => {
  const seeded = new Set(rows.map((each) => each.alarm))
  expect(alarms.filter((each) => !seeded.has(each))).toEqual([])
})

test("every check that was made is in the list of names, and every name in the list was made", () => {
  const known = new Set<string>(checkNames)
  const named = [...emitted].filter((each) => !each.startsWith("k6 "))
  expect(named.filter((each) => !known.has(each))).toEqual([])
  expect(checkNames.filter((each) => !emitted.has(each))).toEqual([])
})

test("every invariant that a run can judge has a check", () => {
  const invariants = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12].map((number) => `I${number} `)
  expect(invariants.filter((each) => !checkNames.some((name) => name.startsWith(each)))).toEqual([])
})

afterAll(() => console.log(tableOf(found).join("\n")))
