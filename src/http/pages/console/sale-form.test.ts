import { expect, test } from "bun:test"
import { isFault } from "../../../fault.ts"
import { emptyForm } from "./sale-form.ts"
import { parsePlan } from "./seating-plan.ts"
import { parseMoment } from "./wall-time.ts"

const told = (work: () => unknown) => {
  try {
    return work()
  } catch (error) {
    return isFault(error, "invalid_input") ? error.message : error
  }
}
const opening = (text: string, zone = "UTC") => parseMoment({ ...emptyForm(), opens_at: text }, "opens_at", zone)

test("a wall time is read in the zone of the shop", () => {
  expect(opening("2027-02-28T20:00")).toBe(Date.parse("2027-02-28T20:00Z") as never)
  expect(opening("2027-02-28T20:00:30", "Asia/Kolkata")).toBe(Date.parse("2027-02-28T14:30:30Z") as never)
})

for (const text of ["2027-02-30T10:00", "2027-13-01T10:00", "2027-01-01T24:30", "2027-01-01T10:60", "0000-01-01T00:00"])
  test(`${text} is no time, and no other day is taken for it`, () => {
    expect(told(() => opening(text))).toContain("no day and time of the calendar")
  })

test("a plan that would take long to read is refused unread", () => {
  for (const plan of [`A,1,1,1${",".repeat(900_000)}`, `"${"a".repeat(900_000)}`, "A,1,1,1\n".repeat(9000)])
    expect(told(() => parsePlan(plan))).toContain("The seats must fit into 64000 characters")
})
