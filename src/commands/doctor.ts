import { environment, k6SearchOf, type Environment } from "../config.ts"
import { exitCodes, type ExitCode } from "../exit.ts"
import { withJson, type Declare } from "./declare.ts"
import { answerLater, lookupK6, findPostgres, findProgram } from "../programs.ts"

export type Finding = {
  name: string
  use: string
  /** Without a needed one `traffic serve` does not start; without the others a part of it is missing. */
  needed: boolean
  found?: { path: string; version: string }
  get: string
}

export const doctorCommand: Declare = (program, action) => {
  const command = program.command("doctor").description("what is installed, what is missing, how to get it")
  withJson(command).action(action(doctor))
}

const doctor = async (options: { json?: boolean }): Promise<ExitCode> => {
  const findings = await examine(environment())
  const ok = findings.every((each) => each.found !== undefined || !each.needed)
  console.log(options.json ? JSON.stringify({ ok, programs: findings.map(inJson) }) : table(findings, ok))
  return ok ? exitCodes.pass : exitCodes.missing
}

export const examine = (env: Environment): Promise<Finding[]> =>
  Promise.all(
    programs.filter(isForHere).map(async ({ look, get, ...program }) => {
      const seen = await look(env)
      return seen && "missing" in seen ? { ...program, get: seen.missing } : { ...program, get, found: seen }
    }),
  )

const isForHere = ({ name }: { name: string }) => name !== "setpriv" || process.platform === "linux"

type Look = (env: Environment) => Promise<Finding["found"] | { missing: string }>

const onPath =
  (names: string[], flag: string, version: RegExp): Look =>
  ({ PATH: path = "" }) =>
    ask(
      names.map((name) => findProgram(name, { path })).find((each) => each !== undefined),
      flag,
      version,
    )

const postgres: Look = async ({ PATH: path = "" }) => {
  const found = findPostgres({ path })
  return ask(found && `${found.folder}/postgres`, "--version", /(\d+\.\d+)/)
}

const ask = async (path: string | undefined, flag: string, version: RegExp) =>
  path === undefined ? undefined : { path, version: version.exec(await answerLater([path, flag]))?.[1] ?? "unknown" }

const programs: (Omit<Finding, "found"> & { look: Look })[] = [
  {
    name: "redis-server",
    use: "embedded stores",
    needed: true,
    look: onPath(["redis-server"], "--version", /v=(\S+)/),
    get: "apt-get install redis-server, or brew install redis",
  },
  {
    name: "postgres",
    use: "embedded stores",
    needed: true,
    look: postgres,
    get: "apt-get install postgresql, or brew install postgresql@16",
  },
  {
    name: "setpriv",
    use: "stops the stores when traffic is killed",
    needed: false,
    look: onPath(["setpriv"], "--version", /(\d+\.\d\S*)/),
    get: "apt-get install util-linux",
  },
  { name: "k6", use: "the load lab", needed: false, look: (env) => lookupK6(k6SearchOf(env)), get: "" },
  {
    name: "go",
    use: "builds k6, once",
    needed: false,
    look: onPath(["go"], "version", /go(\d\S*)/),
    get: "not needed: scripts/k6-build fetches its own",
  },
  {
    name: "chromium",
    use: "the browser tests",
    needed: false,
    look: onPath(["chromium", "google-chrome", "chromium-browser"], "--version", /(\d+\.\S+)/),
    get: "scripts/setup --for-tests",
  },
]

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
