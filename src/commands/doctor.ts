import { homedir } from "node:os"
import { environment, type Environment } from "../config.ts"
import { exitCodes, type ExitCode } from "../exit.ts"
import { withJson, type Declare } from "./declare.ts"
import { answerLater, lookupK6, findPostgres, findProgram } from "../programs.ts"

export type Finding = {
  name: string
  /** What it is for, as the table says it. */
  use: string
  /** Without a needed one `traffic serve` does not start; without the others a part of it is missing. */
  needed: boolean
  found?: { path: string; version: string }
  /** How to get it, when it is not there. */
  get: string
}

export const doctorCommand: Declare = (program, action) => {
  const command = program.command("doctor").description("what is installed, what is missing, how to get it")
  withJson(command).action(action(doctor))
}

/** Prints what is installed, what is missing and how to get it. Exits with missing when `traffic serve` cannot start. */
const doctor = async (options: { json?: boolean }): Promise<ExitCode> => {
  const findings = await examine(environment())
  const ok = findings.every((each) => each.found !== undefined || !each.needed)
  console.log(options.json ? JSON.stringify({ ok, programs: findings.map(inJson) }) : table(findings, ok))
  return ok ? exitCodes.pass : exitCodes.missing
}

export const examine = async (env: Environment): Promise<Finding[]> => {
  const path = env.PATH ?? ""
  const home = env.HOME || homedir()
  const cacheDir = `${env.XDG_CACHE_HOME || `${home}/.cache`}/traffic`
  const postgres = findPostgres({ path })
  const [redis, postgresVersion, k6, go, setpriv, chromium] = await Promise.all([
    lookup(findProgram("redis-server", { path }), "--version", /v=(\S+)/),
    postgres && lookup(`${postgres.folder}/postgres`, "--version", /(\d+\.\d+)/),
    lookupK6({ bin: env.K6_BIN || undefined, path, cacheDir, home }),
    lookup(findProgram("go", { path }), "version", /go(\d\S*)/),
    lookup(findProgram("setpriv", { path }), "--version", /(\d+\.\d\S*)/),
    lookup(
      chromiumNames.map((name) => findProgram(name, { path })).find((each) => each !== undefined),
      "--version",
      /(\d+\.\S+)/,
    ),
  ])
  const linux = process.platform === "linux"
  return [
    {
      name: "redis-server",
      use: "embedded stores",
      needed: true,
      found: redis,
      get: "apt-get install redis-server, or brew install redis",
    },
    {
      name: "postgres",
      use: "embedded stores",
      needed: true,
      found: postgresVersion,
      get: "apt-get install postgresql, or brew install postgresql@16",
    },
    ...(linux
      ? [
          {
            name: "setpriv",
            use: "stops the stores when traffic is killed",
            needed: false,
            found: setpriv,
            get: "apt-get install util-linux",
          },
        ]
      : []),
    "path" in k6
      ? { name: "k6", use: "the load lab", needed: false, found: k6, get: "" }
      : { name: "k6", use: "the load lab", needed: false, get: k6.missing },
    {
      name: "go",
      use: "builds k6, once",
      needed: false,
      found: go,
      get: "not needed: scripts/k6-build fetches its own",
    },
    { name: "chromium", use: "the browser tests", needed: false, found: chromium, get: "scripts/setup --for-tests" },
  ]
}

const chromiumNames = ["chromium", "google-chrome", "chromium-browser"]

const lookup = async (path: string | undefined, flag: string, pattern: RegExp) =>
  path === undefined ? undefined : { path, version: pattern.exec(await answerLater([path, flag]))?.[1] ?? "unknown" }

const inJson = ({ name, use, needed, found, get }: Finding) => ({
  name,
  use,
  needed,
  found: found ?? null,
  ...(found ? {} : { get }),
})

const table = (findings: Finding[], ok: boolean) => {
  const rows = findings.map(({ name, needed, found, use, get }) => [
    found ? "ok" : needed ? "MISSING" : "missing",
    name,
    found ? found.version : use,
    found ? found.path : get,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
  return [
    ...lines,
    "",
    ok ? "traffic serve can start." : "traffic serve cannot start on embedded stores until what is MISSING is there.",
  ].join("\n")
}
