import { Value } from "@sinclair/typebox/value"
import { afterAll, beforeAll, expect, test } from "bun:test"
import { render } from "preact-render-to-string"
import { Replay } from "../../views/lab/replay.tsx"
import { Charts } from "../../views/lab/run-charts.tsx"
import { secondSchema } from "../http/api/demo/run-schemas.ts"
import { reportHtml } from "../http/pages/lab/report-html.ts"
import { reportPoints, reportRun } from "../testing/lab/report-run.ts"
import { shownRun } from "../testing/lab/shown-run.ts"
import { openLiveSeries } from "./k6/live-series.ts"
import { figureNames, figureOf, figures, type FigureName, type Second } from "./model/figures.ts"
import { seriesCsv } from "./report/csv.ts"
import { secondBody, secondOf, type SecondBody } from "./report/second-body.ts"
import { mergeLive } from "./segments/merge-live.ts"

/** Figures that nobody has: one of the machine in an object, one of the sale with a peak, one of k6 that machines add up. */
const added = {
  memoryHeapMb: { wire: "memory.heap_mb", label: "Heap", unit: "MB", group: "memory", chart: ["Memory", 9] },
  patienceMs: {
    wire: "patience_ms",
    label: "Patience",
    unit: "ms",
    group: "sale",
    keepsPeak: true,
    chart: ["Inside the server", 9],
  },
  retries: {
    wire: "retries",
    label: "Retries",
    unit: "per second",
    group: "load",
    machines: "sum",
    chart: ["Requests", 9],
  },
}
beforeAll(() => void Object.assign(figures, added))
afterAll(() => {
  for (const name of Object.keys(added)) Reflect.deleteProperty(figures, name)
})

const values = { memoryHeapMb: 77, patienceMs: 4321, retries: 5 }
const seconds = (): Second[] => reportPoints().map((each) => ({ ...secondOf(each), ...values }))
const bodies = (): SecondBody[] => seconds().map(secondBody)
const run = () => shownRun({ live: seconds() })

test("a figure that is added to the table is on the wire, comes back from it and is in its schema", () => {
  const [body] = bodies()
  expect(body).toMatchObject({ memory: { heap_mb: 77 }, patience_ms: 4321, retries: 5 })
  expect(secondOf(body!)).toMatchObject(values)
  const schema = secondSchema()
  expect(Value.Check(schema, body)).toBe(true)
  for (const broken of [{ patience_ms: "long" }, { retries: "often" }, { memory: { ...body!.memory, heap_mb: "big" } }])
    expect(Value.Check(schema, { ...body, ...broken })).toBe(false)
})

test("it has a column in the CSV", () => {
  const [head = "", first = ""] = seriesCsv(reportRun(), bodies()).split("\r\n")
  const cell = (name: string) => first.split(",")[head.split(",").indexOf(name)]
  expect([cell("memory_heap_mb"), cell("patience_ms"), cell("retries")]).toEqual(["77", "4321", "5"])
})

test("it is drawn on the page of the run and in its report, and told in the replay", () => {
  const page = render(Charts({ run: run() }))
  const report = reportHtml(reportRun(), bodies())
  for (const words of ["Heap: highest 77 MB", "Patience: highest 4,321 ms", "Retries: highest 5/s"]) {
    expect([words, page.includes(words), report.includes(words)]).toEqual([words, true, true])
  }
  const replay = render(Replay({ run: run(), second: 3 })!)
  for (const [name, value] of [
    ["Heap", "77 MB"],
    ["Patience", "4,321 ms"],
    ["Retries", "5/s"],
  ])
    expect(replay).toContain(`<dt>${name}</dt><dd>${value}</dd>`)
})

test("its peak stays when seconds share a point, and several machines add up", () => {
  const points: Second[] = []
  const add = openLiveSeries(points, 4)
  for (const [index, second] of seconds().entries())
    add(index === 5 ? Object.assign(second, { patienceMs: 9999 }) : second)
  expect(points.filter((each) => read(each, "patienceMs") === 9999)).toHaveLength(1)
  const machine = seconds().map((each) => ({ people: 0, requestsPerSecond: 0, failedRate: 0, ...each }))
  const merged = mergeLive([1, 2].map(() => ({ points: machine, offsetMs: 0 })))
  expect(read(merged[0]!, "retries")).toBe(10)
})

const read = (second: Second, name: string) => second[name as FigureName]

test("the name of a figure in code is the one on the wire in camel case", () => {
  const camel = (wire: string) => wire.replace(/[._](\w)/g, (_, first: string) => first.toUpperCase())
  for (const name of figureNames()) expect(name as string).toBe(camel(figureOf(name).wire))
})

test("a figure's name on the wire stands in at most three files of the lab, its API and its pages", async () => {
  const rooms = ["src/lab", "src/http/api/demo", "src/http/pages/lab", "src/commands/sim", "views"]
  const files = rooms
    .flatMap((room) => [...new Bun.Glob(`${room}/**/*.{ts,tsx}`).scanSync(".")])
    .filter((path) => !path.includes(".test."))
  const texts = await Promise.all(files.map((path) => Bun.file(path).text()))
  expect(files.length).toBeGreaterThan(100)
  // A name of one word stands in sentences too.
  const wires = figureNames().flatMap((name) => figureOf(name).wire.split(".").at(-1)!)
  for (const wire of wires.filter((each) => each.includes("_")))
    expect([wire, texts.filter((text) => new RegExp(`\\b${wire}\\b`).test(text)).length <= 3]).toEqual([wire, true])
})
