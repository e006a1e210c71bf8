import { expect, test } from "bun:test"
import { goodRun } from "../../testing/lab/lab-run.ts"
import { auditLogLines, linesOf, parseAuditLog } from "./audit-log.ts"

const over = async function* (lines: Iterable<string>) {
  yield* lines
}

test("what the server tells is what it knows", async () => {
  const { truth } = goodRun()
  expect(truth.orders.length).toBe(3)
  expect(await parseAuditLog(over(auditLogLines(truth)))).toEqual(truth)
})

test("on the wire names are snake_case and times are written out", () => {
  const lines = [...auditLogLines(goodRun().truth)]
  expect(lines[0]).toContain('"shopper_capacity":2')
  expect(lines.find((each) => each.includes('"in":"room_entries"'))).toMatch(/"joined_at":"2027-01-15T08:00:00\.105Z"/)
})

test("a log that was cut off is refused", async () => {
  const lines = [...auditLogLines(goodRun().truth)]
  for (const cut of [lines.slice(0, -1), lines.toSpliced(5, 1), []])
    await expect(parseAuditLog(over(cut))).rejects.toThrow("cut off")
})

test("lines come whole however the body is cut", async () => {
  const bytes = new TextEncoder().encode('{"a":"ü"}\n{"b":2}\nlast')
  for (const size of [1, 2, 3, 100]) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let from = 0; from < bytes.length; from += size) controller.enqueue(bytes.slice(from, from + size))
        controller.close()
      },
    })
    expect(await Array.fromAsync(linesOf(body))).toEqual(['{"a":"ü"}', '{"b":2}', "last"])
  }
})
