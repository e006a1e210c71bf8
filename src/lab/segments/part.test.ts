import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { epochMs } from "../../units.ts"
import { parsePart, writePart, type PartEnd, type PartHead } from "./part.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-part-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const head: PartHead = {
  planId: "plan",
  planHash: "hash",
  segment: { index: 2, of: 3 },
  people: 7,
  trafficVersion: "1",
  k6Version: "2.2.0",
  scriptHash: "script",
  machine: "2 x Test, 4 GB",
}
const end: PartEnd = {
  clock: { offsetMs: -3.5, uncertaintyMs: 2 },
  conditions: { people: 20, k6Cpu: 0.1 },
  summary: { state: { testRunDurationMs: 1 }, metrics: {} },
  live: [{ at: epochMs(1), people: 3, requestsPerSecond: 4, failedRate: 0 }],
}
const said = (account: string) =>
  JSON.stringify({ msg: JSON.stringify({ op: "join", account, sent: 1, received: 2, status: 201, position: 1 }) })

const written = async (history: string | undefined) => {
  const source = join(folder, "history.ndjson")
  rmSync(source, { force: true })
  if (history !== undefined) await Bun.write(source, history)
  const path = join(folder, "part.ndjson")
  await writePart(path, head, source, end)
  return Bun.file(path).text()
}

test("what was written is read again, with or without a last newline or any history", async () => {
  for (const [history, accounts] of [
    [`${said("ada")}\n${said("bob")}\n`, ["ada", "bob"]],
    [`${said("ada")}\n${said("bob")}`, ["ada", "bob"]],
    ["", []],
    [undefined, []],
  ] as const) {
    const part = parsePart(await written(history), "part.ndjson")
    expect(part).toMatchObject({ ...head, ...end, name: "part.ndjson" })
    expect(part.history.joins.map((each) => each.account)).toEqual([...accounts])
  }
})

test("a part that was cut anywhere is refused and its segment named", async () => {
  const text = await written(`${said("ada")}\n${said("bob")}\n`)
  const lines = text.trimEnd().split("\n")
  for (const cut of [
    text.slice(0, -10),
    lines.slice(0, 1).join("\n"),
    lines.slice(0, -1).join("\n"),
    lines.toSpliced(1, 1).join("\n"),
  ])
    expect(() => parsePart(cut, "part.ndjson")).toThrow(
      "part.ndjson is cut off: copy it again from the machine of segment 2/3",
    )
})

test("any other file is no part", () => {
  for (const text of ["", "{}", "plan\n", '{"traffic_plan":1}\n', "\n\n"])
    expect(() => parsePart(text, "other.txt")).toThrow("other.txt is no part of a test")
})
