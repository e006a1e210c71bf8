import { expect, test } from "bun:test"
import { examine } from "./doctor.ts"

test("everything that serve needs is found, and what is missing comes with a way to get it", async () => {
  const findings = await examine({ PATH: "", HOME: "/nonexistent", K6_BIN: "/nonexistent/k6" })
  expect(findings.map((each) => each.name)).toContain("k6")
  for (const each of findings.filter((one) => one.needed)) expect(each.found?.version).toMatch(/^\d+\./)
  const k6 = findings.find((each) => each.name === "k6")
  expect(k6?.found).toBeUndefined()
  expect(k6?.get).toContain("K6_BIN names /nonexistent/k6, which is not there")
}, 30_000)
