import { expect, test } from "bun:test"
import { join } from "node:path"
import { catalog } from "./catalog.ts"

const root = join(import.meta.dir, "../../..")
const scripts = [...new Bun.Glob("*.ts").scanSync(join(root, "scenarios"))].map((each) => each.replace(/\.ts$/, ""))
const entries = catalog.map((each) => each.name)

test("there are scenarios to look at", () => {
  expect(entries.length).toBeGreaterThan(10)
  expect(new Set(entries).size).toBe(entries.length)
})

for (const name of scripts)
  test(`scenarios/${name}.ts has an entry in the catalogue`, () => {
    expect(entries).toContain(name)
  })

for (const { name, script } of catalog)
  test(`${name} of the catalogue runs scenarios/${name}.ts`, async () => {
    expect(scripts).toContain(name)
    expect(script).toBe(await Bun.file(join(root, `dist/k6/${name}.js`)).text())
  })
