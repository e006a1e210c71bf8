import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { emptyHistory, type History } from "../model/history.ts"
import { nobodyBlocked, ticketsStay } from "./network.ts"

const span = (account: string) => ({ account, sent: epochMs(1), received: epochMs(2) })
const crowd = (): History => {
  const history = emptyHistory()
  history.came.push(
    { account: "ada", at: epochMs(0), group: "person" },
    { account: "bot", at: epochMs(0), group: "bot" },
  )
  history.joins.push({ ...span("ada"), status: 201, position: 1 }, { ...span("bot"), status: 429 })
  history.attempts.push({ ...span("bot"), kind: "transfer", route: "transfer", status: 403 })
  history.attempts.push({ ...span("bot"), kind: "resell", route: "order", status: 404 })
  return history
}

test("what is refused to the network blocks nobody", () => {
  const history = crowd()
  history.failures.push({ ...span("bot"), step: "hold", status: 401, why: "unauthorized" })
  expect(nobodyBlocked(history)).toMatchObject({ passed: true, seen: "1 people of the public, 1 joins" })
  expect(ticketsStay(history)).toMatchObject({ passed: true, seen: "2 attempts" })
})

test("one person of the public who is told to slow down is one too many", () => {
  const history = crowd()
  history.joins.push({ ...span("ada"), status: 429 })
  expect(nobodyBlocked(history).counterExample).toBe("the join of ada was answered 429")
})

test("a person who is sent away from the shop is named", () => {
  const history = crowd()
  history.failures.push({ ...span("ada"), step: "hold", status: 403, why: "admission_required" })
  expect(nobodyBlocked(history).counterExample).toBe("hold of ada was answered 403 admission_required")
})

test.each([
  ["transfer", "transfer", 200],
  ["transfer", "transfer", 404],
  ["resell", "ticket", 200],
])("%s by %s that is answered %p is seen", (kind, route, status) => {
  const history = crowd()
  history.attempts.push({ ...span("bot"), kind, route, status })
  expect(ticketsStay(history).counterExample).toBe(`bot tried to ${kind} by ${route} and was answered ${status}`)
})
