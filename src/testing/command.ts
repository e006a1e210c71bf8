import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { binary } from "./world.ts"

/** Runs `./traffic` to its end, in an empty folder with this environment alone. `left` is what it leaves in the folder. */
export const runTraffic = async (flags: readonly string[], env: Record<string, string> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-command-"))
  const child = Bun.spawn([binary, ...flags], { cwd: folder, env, stdout: "pipe", stderr: "pipe", stdin: "ignore" })
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000)
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearTimeout(timer)
  const left = readdirSync(folder)
  rmSync(folder, { recursive: true, force: true })
  return { code, out, err, left }
}
