import { expect, test } from "bun:test"
import { noRows, readEntry } from "./entry.ts"

test("a shift moves what was admitted before it in its batch, and nothing that comes after", () => {
  const rows = noRows()
  const admit = (account: string, at: number, ends: number) =>
    readEntry(rows, "1-1", [
      "kind",
      "admit",
      "at",
      `${at}`,
      "account",
      account,
      "position",
      "1",
      "admission",
      account,
      "ends",
      `${ends}`,
    ])
  admit("early", 1_000, 9_000)
  admit("future", 5_000, 9_500)
  readEntry(rows, "1-2", ["kind", "shift", "at", "2000", "by", "-4000"])
  admit("later", 2_100, 6_000)
  expect(rows.admissions.map(({ grantedAt, endsAt }): number[] => [grantedAt, endsAt])).toEqual([
    [1_000, 5_000],
    [1_000, 5_500],
    [2_100, 6_000],
  ])
  expect(rows.shifts.map(({ by }) => by)).toEqual([-4000])
})
