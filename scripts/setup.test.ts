import { expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { environment } from "../src/config.ts"
import { k6Pinned } from "../src/programs.ts"

const root = join(import.meta.dir, "..")
/** A shell that knows neither bun nor k6. */
const bare = {
  HOME: environment().HOME,
  XDG_CACHE_HOME: environment().XDG_CACHE_HOME,
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
const run = (...command: string[]) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: root, env: bare, stdout: "pipe", stderr: "pipe" })
  return { exitCode, said: stdout.toString() + stderr.toString() }
}

test("the second set-up has nothing to say", () => {
  expect(run("scripts/setup", "--for-tests")).toEqual({ exitCode: 0, said: "" })
}, 60_000)

test("k6 is found where it was built", () => {
  const { exitCode, said } = run("scripts/k6-build")
  expect(exitCode).toBe(0)
  expect(run(said.trim(), "version").said).toMatch(/^k6 v[2-9]/)
  expect(run("bash", "-c", ". scripts/places.sh && echo $k6_version").said.trim()).toBe(k6Pinned)
}, 60_000)

test("every scenario is bundled to a text that needs nothing but k6", async () => {
  expect(run("scripts/build", "--scenarios")).toEqual({ exitCode: 0, said: "" })
  const names = readdirSync(join(root, "scenarios")).filter((name) => /^[^.]+\.ts$/.test(name))
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) {
    const text = await Bun.file(join(root, "dist/k6", name.replace(/ts$/, "js"))).text()
    const imports = new Bun.Transpiler({ loader: "js" }).scanImports(text).map((each) => each.path)
    expect(imports.filter((each) => each !== "k6" && !each.startsWith("k6/"))).toEqual([])
  }
}, 60_000)
