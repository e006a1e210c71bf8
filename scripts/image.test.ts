import { afterAll, expect, test } from "bun:test"
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = mkdtempSync(join(tmpdir(), "traffic-image-"))
const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"]
afterAll(() => Bun.spawnSync([...asRoot, "rm", "-rf", root]))

const image = (...flags: string[]) =>
  Bun.spawnSync([...asRoot, join(import.meta.dir, "image"), ...flags], { stdout: "pipe", stderr: "pipe" })

test("the install steps make the user and its folder, once, from packages that can be had", () => {
  mkdirSync(join(root, "etc"))
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n")
  writeFileSync(join(root, "etc/group"), "root:x:0:\n")
  for (const round of [1, 2]) {
    const { exitCode, stderr } = image("--root", root)
    expect([round, stderr.toString(), exitCode]).toEqual([round, "", 0])
  }
  expect(readFileSync(join(root, "etc/passwd"), "utf8").trim().split("\n").slice(1)).toEqual([
    "traffic:x:10001:10001::/data:/usr/sbin/nologin",
  ])
  const data = statSync(join(root, "data"))
  expect([data.uid, data.gid, data.mode & 0o777]).toEqual([10001, 10001, 0o700])
}, 60_000)

test("a flag that it does not know is refused", () => {
  const { exitCode, stderr } = image("--rot", root)
  expect([exitCode, stderr.toString()]).toEqual([
    64,
    "scripts/image: --rot is unknown; it takes --root FOLDER and --slim\n",
  ])
})

test("the Dockerfile runs scripts that exist, as the user that they make, with a health check and one volume", () => {
  const lines = readFileSync(join(import.meta.dir, "../Dockerfile"), "utf8").split("\n")
  const words = (instruction: string) =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1))
  const runs = words("RUN").flatMap((line) => line.match(/scripts\/[\w-]+/g) ?? [])
  expect(runs).toEqual(["scripts/k6-build", "scripts/setup", "scripts/build", "scripts/image"])
  for (const path of runs) accessSync(join(import.meta.dir, "..", path), constants.X_OK)
  expect(words("FROM")).toHaveLength(3)
  expect(words("USER")).toEqual(["10001"])
  expect(words("VOLUME")).toEqual(["/data"])
  expect(words("HEALTHCHECK")).toHaveLength(1)
})
