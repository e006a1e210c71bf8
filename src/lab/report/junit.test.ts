import { expect, test } from "bun:test"
import { junitXml } from "./junit.ts"
import type { RunBody } from "./wire.ts"

const ended = (changes: Partial<RunBody>): RunBody => ({
  run_id: "R",
  sale_id: "S",
  scenario: "launch_spike",
  status: "passed",
  passed: true,
  verdict: "PASS",
  failures: [],
  checks: [],
  metrics: {},
  settings: { vus_max: 9, seed: 7 },
  seed: 7,
  traffic_version: "1.0.0",
  k6_version: "2.2.0",
  created_at: "2030-01-01T00:00:00.000Z",
  started_at: null,
  ended_at: "2030-01-01T00:00:12.500Z",
  length_ms: 10_000,
  limited_by: null,
  starred: false,
  script_hash: null,
  machine: null,
  preset: null,
  segment: null,
  capacity: null,
  thresholds: [],
  live: null,
  ...changes,
})

const broken = {
  name: "I1 seats sold once",
  passed: false,
  judged: true,
  expected: "1",
  seen: "2",
  counter_example: 'seat "A<1>" & B',
}
const example = ended({ verdict: "FAIL", status: "failed", failures: ['p99 < 500 & "more"'], checks: [broken] })

/** What a parser sees, through the one that is there: HTML rewriting reads elements and attributes. */
const parse = (xml: string) => {
  const seen: { tag: string; attributes: Record<string, string> }[] = []
  new HTMLRewriter()
    .on("*", {
      element: (each) => void seen.push({ tag: each.tagName, attributes: Object.fromEntries(each.attributes) }),
    })
    .transform(xml)
  return seen
}

test("each verdict becomes what a CI server shows", () => {
  const xml = junitXml(
    [
      { scenario: "baseline", run: ended({}) },
      { scenario: "launch_spike", run: example },
      {
        scenario: "soak",
        run: ended({ verdict: "INCONCLUSIVE", status: "inconclusive", failures: ["neighbours stole 20 % of the CPU"] }),
      },
      { scenario: "spike", run: ended({ verdict: null, status: "error", failures: ["k6 ended with SIGKILL"] }) },
      { scenario: "regions", error: "the store went away" },
      { scenario: "capacity", skipped: "stopped before it began" },
    ],
    "2030-01-01T00:00:00.000Z",
  )
  const elements = parse(xml)
  expect(elements.find((each) => each.tag === "testsuite")!.attributes).toMatchObject({
    tests: "6",
    failures: "1",
    errors: "2",
    skipped: "2",
    time: "50.000",
    timestamp: "2030-01-01T00:00:00.000Z",
  })
  expect(
    elements.slice(2).map((each) => each.attributes["name"] ?? `  ${each.tag} ${each.attributes["message"]}`),
  ).toEqual([
    "baseline",
    "launch_spike",
    "  failure p99 &lt; 500 &amp; &quot;more&quot;",
    "soak",
    "  skipped neighbours stole 20 % of the CPU",
    "spike",
    "  error k6 ended with SIGKILL",
    "regions",
    "  error the store went away",
    "capacity",
    "  skipped stopped before it began",
  ])
  expect(xml).toContain(
    "I1 seats sold once, first: seat &quot;A&lt;1&gt;&quot; &amp; B\nAgain: traffic sim launch_spike --vus 9",
  )
})

test("whatever a server said, the file stays XML", () => {
  const said = "\u0000\u001b[31m]]>\ud800\r\n\t<&&#13;>"
  const xml = junitXml([{ scenario: 'a"b', error: said }], "2030-01-01T00:00:00.000Z")
  // oxlint-disable-next-line no-control-regex
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/)
  expect(xml.isWellFormed()).toBe(true)
  expect(xml).toContain('name="a&quot;b"')
  expect(xml).toContain('message="\ufffd\ufffd[31m]]&gt;\ufffd&#13;&#10;&#9;&lt;&amp;&amp;#13;&gt;"')
})
