import { afterAll, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lookupK6, findPostgres, findProgram, k6Pinned } from "./programs.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-programs-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A program that prints `text`, whatever it is asked. */
const program = (path: string, text: string) => {
  mkdirSync(join(folder, path, ".."), { recursive: true })
  writeFileSync(join(folder, path), `#!/bin/sh\necho '${text}'\n`)
  chmodSync(join(folder, path), 0o755)
  return join(folder, path)
}

const search = { path: join(folder, "path"), cacheDir: join(folder, "cache"), home: join(folder, "home") }

test("k6 is looked for in K6_BIN, PATH, the cache and Go's folder, in this order, and must be version 2", async () => {
  expect(await lookupK6(search)).toEqual({
    missing: "k6 is missing: run scripts/k6-build, or set K6_BIN to a k6 of version 2",
  })
  const inGo = program("home/go/bin/k6", "k6 v2.9.1 (go1.26)")
  expect(await lookupK6(search)).toEqual({ path: inGo, version: "2.9.1" })
  const inCache = program(`cache/k6-v${k6Pinned}/k6`, `k6 v${k6Pinned} (go1.26)`)
  expect(await lookupK6(search)).toEqual({ path: inCache, version: k6Pinned })
  const old = program("path/k6", "k6 v1.7.1 (go1.24)")
  expect(await lookupK6(search)).toEqual({ path: inCache, version: k6Pinned })
  expect(await lookupK6({ ...search, bin: old })).toMatchObject({
    missing: expect.stringContaining("is k6 1.7.1, and 2 or newer is needed"),
  })
  const inPath = program("path/k6", "k6 v10.0.0 (go1.30)")
  expect(await lookupK6(search)).toEqual({ path: inPath, version: "10.0.0" })
  expect(await lookupK6({ ...search, bin: inGo })).toEqual({ path: inGo, version: "2.9.1" })
})

test("the pinned k6 is the one that scripts/k6 builds", () => {
  const pinned = readFileSync(join(import.meta.dir, "../scripts/k6/go.mod"), "utf8")
  expect(pinned).toMatch(new RegExp(`go\\.k6\\.io/k6/v2 v${k6Pinned.replaceAll(".", "\\.")}\\b`))
})

test("a folder named by version gives the newest Postgres, or the one that is asked for", () => {
  for (const major of [9, 15, 18])
    for (const name of ["postgres", "initdb"]) program(`lib/${major}/bin/${name}`, `${name} (PostgreSQL) ${major}.2`)
  const places = [`${folder}/lib/*/bin`]
  expect(findPostgres({ places })).toEqual({ folder: `${folder}/lib/18/bin`, major: 18 })
  expect(findPostgres({ places, major: 15 })).toEqual({ folder: `${folder}/lib/15/bin`, major: 15 })
  expect(findPostgres({ places, major: 9 })).toBeUndefined()
  expect(findProgram("initdb", { places })).toBe(`${folder}/lib/18/bin/initdb`)
  expect(findProgram("initdb", { places: [] })).toBeUndefined()
})
