import { writeFile } from "node:fs/promises"
import { exitCodeOf, exitCodes, graver, Refusal, verdictOf, type ExitCode } from "../../exit.ts"
import { junitXml, type Case } from "../../lab/report/junit.ts"
import { roundTable, runTable } from "../../lab/report/text.ts"
import { catalog, lookupScenario } from "../../lab/scenarios/catalog.ts"
import type { SimOptions } from "./options.ts"
import { showerOf, warn } from "./output.ts"
import type { SimParts } from "./parts.ts"
import { checkReports, reportsOf, writeReports } from "./reports.ts"
import { parseRequest, scenarioNames, type RunRequest } from "./request.ts"
import { resultBody, type Result } from "./result.ts"
import { openRunner, type Runner } from "./runner.ts"

/** `traffic sim all`: every scenario in turn on one server, a summary, and the gravest exit code. @throws Refusal before anything starts */
export const simAll = async (options: SimOptions, parts: SimParts): Promise<ExitCode> => {
  const requests = parseScenarios(options).map((name) => parseRequest(name, options, parts.environment))
  for (const { settings } of requests) await checkReports(reportsOf(options, settings.scenario))
  const round: Round = {
    began: new Date(parts.clock()).toISOString(),
    cases: requests.map(({ settings }) => ({ scenario: settings.scenario, skipped: "stopped before it began" })),
    results: [],
  }
  // A round takes minutes: whether its file can be written shows now.
  await writeJunit(round, options)
  const runner = openRunner(options, parts)
  await play(round, requests, runner, { options, parts }).finally(() => surely(runner.close, parts))
  const { cases, results } = round
  const worst = cases.map(exitCodeOfCase).reduce(graver, exitCodes.pass)
  const answer = { verdict: verdictOf(worst), runs: results.map(resultBody) }
  parts.out(options.json ? JSON.stringify(answer) : roundTable(cases))
  return worst
}

const parseScenarios = ({ scenarios }: SimOptions): string[] => {
  if (scenarios === undefined) return catalog.map((each) => each.name)
  const names = [...new Set(scenarios.split(",").map((each) => each.trim()))].filter((each) => each !== "")
  const unknown = names.find((each) => lookupScenario(each) === undefined)
  if (unknown !== undefined)
    throw new Refusal("usage", `--scenarios: there is no scenario ${unknown}: choose from ${scenarioNames()}`)
  if (names.length === 0) throw new Refusal("usage", `--scenarios: choose from ${scenarioNames()}`)
  return names
}

/** What was not run yet counts as skipped, so that a round that is killed tells so too. */
type Round = { began: string; cases: Case[]; results: Result[] }

const play = async (
  round: Round,
  requests: RunRequest[],
  runner: Runner,
  { options, parts }: { options: SimOptions; parts: SimParts },
): Promise<void> => {
  for (const [index, request] of requests.entries()) {
    if (runner.isStopped()) return
    const { scenario } = request.settings
    const run = await attempt(runner, request, showerOf(parts, `${index + 1}/${requests.length} `))
    if (run instanceof Error) {
      if (index === 0 && run instanceof Refusal && run.exit !== "fail") throw run
      warn(parts, `${scenario}: ${run.message}`)
      round.cases[index] = { scenario, error: run.message }
    } else {
      round.results.push(run)
      round.cases[index] = { scenario, run: run.body }
      if (!options.json && run.body.verdict !== "PASS") parts.out(runTable(run.body))
      await writeReports(run, reportsOf(options, scenario))
    }
    await writeJunit(round, options)
    if (run instanceof Error || run.body.status === "error") await surely(runner.renew, parts)
  }
}

const attempt = (runner: Runner, request: RunRequest, show: ReturnType<typeof showerOf>): Promise<Result | Error> =>
  runner.run(request, show).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))

/** A server that does not even close is reported, and the round goes on. */
const surely = (close: () => Promise<void>, parts: SimParts) =>
  close().catch((error: unknown) =>
    warn(parts, `the private server did not close: ${error instanceof Error ? error.message : String(error)}`),
  )

const exitCodeOfCase = (each: Case): ExitCode => {
  if ("run" in each) return exitCodeOf(each.run)
  return "error" in each ? exitCodes.fail : exitCodes.interrupted
}

const writeJunit = async ({ cases, began }: Round, { junit }: SimOptions) => {
  if (junit === undefined) return
  await writeFile(junit, junitXml(cases, began)).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(
      "usage",
      `--junit ${junit}: it cannot be written (${error.code}): name a file in a folder that is there`,
      { cause: error },
    )
  })
}
