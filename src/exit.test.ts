import { expect, test } from "bun:test"
import { exitCodeOf, exitCodes, graver, Refusal, verdictOf } from "./exit.ts"

test("no exit code is a bare number", async () => {
  const bare = /\bexit\(\s*\d|\bexitCode\s*[=:]\s*\d/
  expect(bare.test("process.exit(64)")).toBe(true)
  const found: string[] = []
  for (const root of ["src", "scripts", "scenarios"])
    for (const path of new Bun.Glob("**/*.{ts,tsx}").scanSync(root))
      if (!path.endsWith(".test.ts") && bare.test(await Bun.file(`${root}/${path}`).text())) found.push(path)
  expect(found).toEqual([])
})

test("a refusal has a sentence for each reason, and an exit code", () => {
  const refusal = new Refusal("missing", ["k6 is missing", "so is wrk"])
  expect(refusal).toMatchObject({ exitCode: exitCodes.missing, message: "k6 is missing\nso is wrk" })
  expect(new Refusal("usage", "--vus 0").reasons).toEqual(["--vus 0"])
})

test("a run that was stopped is neither held nor failed", () => {
  expect(exitCodeOf({ verdict: null, status: "cancelled" })).toBe(exitCodes.interrupted)
  expect(exitCodeOf({ verdict: "FAIL", status: "finished" })).toBe(exitCodes.fail)
  expect(exitCodeOf({ verdict: null, status: "error" })).toBe(exitCodes.fail)
})

test("of several exit codes the gravest stands, whichever comes first", () => {
  const codes = [exitCodes.inconclusive, exitCodes.pass, exitCodes.interrupted, exitCodes.fail]
  expect(codes.reduce(graver)).toBe(exitCodes.interrupted)
  expect([exitCodes.fail, exitCodes.inconclusive].reduce(graver)).toBe(exitCodes.fail)
  expect(codes.map(verdictOf)).toEqual(["INCONCLUSIVE", "PASS", "CANCELLED", "FAIL"])
})
