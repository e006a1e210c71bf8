import { expect, test } from "bun:test"
import type { SaleId } from "./ids.ts"
import { silentLog } from "./log.ts"

type Line = {
  msg: string
  sale_id?: string
  store?: string
  error?: { message: string; stack: string; cause?: Line["error"] }
}

/** What a process of its own writes on standard error while it runs `body`. */
const linesOf = async (body: string) => {
  const { pathname } = new URL("./log.ts", import.meta.url)
  const script = `const { openLog } = await import(${JSON.stringify(pathname)})\nconst log = openLog("info", 500)\n${body}`
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "ignore", stderr: "pipe" })
  const text = await new Response(child.stderr).text()
  expect(await child.exited).toBe(0)
  const lines = text.trim().split("\n")
  return lines.map((line) => JSON.parse(line) as Line)
}

test("an error is written whole, with its cause, beside the sale that it is about", async () => {
  const [line, ...others] = await linesOf(`
    const cause = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" })
    log.error({ error: new TypeError("Redis is away", { cause }), sale_id: "01SALE" }, "a room could not be moved")`)
  expect(others).toEqual([])
  expect(line).toMatchObject({
    level: 50,
    msg: "a room could not be moved",
    sale_id: "01SALE",
    error: {
      name: "TypeError",
      message: "Redis is away",
      cause: { message: "connection refused", code: "ECONNREFUSED" },
    },
  })
  expect(line!.error!.stack).toContain("at ")
  expect(line!.error!.cause!.stack).toContain("at ")
})

test("what was thrown and is no error is written as well", async () => {
  const lines = await linesOf(`
    log.warn({ error: "ended" }, "text")
    log.warn({ error: { why: 7 } }, "object")
    const circle = new Error("circle")
    circle.cause = circle
    log.warn({ error: circle }, "circle")`)
  expect(lines.map((line) => line.error?.message)).toEqual(["ended", expect.stringContaining("why: 7"), "circle"])
})

test("a line that repeats is written once, and then how often it came again", async () => {
  const lines = await linesOf(`
    for (let n = 0; n < 100; n++) {
      log.error({ error: new Error("away"), sale_id: "01ADA", request_id: String(n) }, "not moved")
      log.error({ error: new Error("away"), sale_id: "01BOB" }, "not moved")
    }
    log.error({ error: new Error("broken"), sale_id: "01ADA" }, "not moved")
    await Bun.sleep(550)
    log.error({ error: new Error("away"), sale_id: "01ADA" }, "not moved")
    await Bun.sleep(1500)
    log.error({ error: new Error("away"), sale_id: "01ADA" }, "not moved")`)
  const told = lines.map(({ sale_id, msg, error }) => [sale_id, msg, error?.message])
  expect(told).toEqual([
    ["01ADA", "not moved", "away"],
    ["01BOB", "not moved", "away"],
    ["01ADA", "not moved", "broken"],
    ["01ADA", "not moved (repeated 99 times)", undefined],
    ["01BOB", "not moved (repeated 99 times)", undefined],
    ["01ADA", "not moved (repeated 1 times)", undefined],
    ["01ADA", "not moved", "away"],
  ])
})

test("no more than two hundred lines are watched for repeats", async () => {
  const lines = await linesOf(`
    log.warn({ store: "first" }, "slow")
    log.warn({ store: "first" }, "slow")
    for (let n = 0; n < 200; n++) log.warn({ store: String(n) }, "slow")
    log.warn({ store: "first" }, "slow")`)
  expect(lines.filter((line) => line.store === "first").map((line) => line.msg)).toEqual([
    "slow",
    "slow (repeated 1 times)",
    "slow",
  ])
})

test("a field of another name is a type error", () => {
  // @ts-expect-error The sale is written as sale_id.
  silentLog.warn({ saleId: "01SALE" as SaleId }, "a word of its own")
  // @ts-expect-error An error under any other name would not be whole.
  silentLog.warn({ err: new Error("lost") }, "a word of its own")
})
