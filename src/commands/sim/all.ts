import { writeFile } from "node:fs/promises"
import { catalog, lookupScenario } from "../../lab/scenarios/catalog.ts"
import { junitXml, type Case } from "../../lab/report/junit.ts"
import { roundTable, runTable } from "../../lab/report/text.ts"
import type { SimDeps, SimOptions } from "./sim.ts"
import { exitCodeOf, exitCodes, graver, Refusal, verdictOf, type ExitCode } from "../../exit.ts"
import { openField, type Ended, type Field } from "./field.ts"
import { complain, resultOf, showerOf, type Complaint } from "./output.ts"
import { checkReportPaths, writeReports } from "./reports.ts"
import { planOf, reportPathsOf, scenarioNames, type Plan } from "./request.ts"

/** `traffic sim all`: every scenario in turn on one server, a summary, and the worst exit code. */
export const simAll = async (options: SimOptions, deps: SimDeps): Promise<ExitCode> => {
  const chosen = chosenOf(options)
  if ("wrong" in chosen) return complain(deps, chosen.wrong, exitCodes.usage)
  const plans: Plan[] = []
  for (const name of chosen.names) {
    const plan = planOf(name, options, deps.environment)
    if ("wrong" in plan) return complain(deps, plan.wrong, exitCodes.usage)
    plans.push(plan)
    await checkReportPaths(reportPathsOf(options, name))
  }
  const round: Round = {
    began: new Date(deps.now()).toISOString(),
    cases: plans.map(({ settings }) => ({ scenario: settings.scenario, skipped: "stopped before it began" })),
    ended: [],
  }
  // A round takes minutes: whether its file can be written shows now.
  await writeJunit(round, options)
  const field = openField(options, deps)
  const refused = await play(round, plans, field, { options, deps }).finally(() => closing(field.close, deps))
  if (refused !== undefined) return complain(deps, refused.complaint, refused.code)
  const { cases, ended } = round
  const worst = cases.map(codeOfCase).reduce(graver, exitCodes.pass)
  deps.out(options.json ? JSON.stringify({ verdict: verdictOf(worst), runs: ended.map(resultOf) }) : roundTable(cases))
  return worst
}

/** What was not run yet counts as skipped, so that a round that is killed tells so too. */
type Round = { began: string; cases: Case[]; ended: Ended[] }

/** One scenario after the other, until Ctrl-C. Answers why not even the first could be run. */
const play = async (
  round: Round,
  plans: Plan[],
  field: Field,
  { options, deps }: { options: SimOptions; deps: SimDeps },
): Promise<Complaint | undefined> => {
  for (const [index, plan] of plans.entries()) {
    if (field.isStopped()) return undefined
    const { scenario } = plan.settings
    const run = await attempt(field, plan, showerOf(deps, `${index + 1}/${plans.length} `))
    if ("complaint" in run) {
      if (index === 0 && run.code !== exitCodes.fail) return run
      complain(deps, `${scenario}: ${run.complaint}`, run.code)
      round.cases[index] = { scenario, error: run.complaint }
    } else {
      round.ended.push(run)
      round.cases[index] = { scenario, run: run.body }
      if (!options.json && run.body.verdict !== "PASS") deps.out(runTable(run.body))
      await writeReports(run.body, run.points, reportPathsOf(options, scenario))
    }
    await writeJunit(round, options)
    // What broke one run shall not break the next.
    if ("complaint" in run || run.body.status === "error") await closing(field.renew, deps)
  }
  return undefined
}

/** A server that does not even close is told of, and the rest of the round stands. */
const closing = (close: () => Promise<void>, deps: SimDeps) =>
  close().catch((error: unknown) => {
    complain(deps, `the private server did not close: ${messageOf(error)}`, exitCodes.fail)
  })

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const chosenOf = ({ scenarios }: SimOptions): { names: string[] } | { wrong: string } => {
  if (scenarios === undefined) return { names: catalog.map((each) => each.name) }
  const names = [...new Set(scenarios.split(",").map((each) => each.trim()))].filter((each) => each !== "")
  const unknown = names.find((each) => lookupScenario(each) === undefined)
  if (unknown !== undefined)
    return { wrong: `--scenarios: there is no scenario ${unknown}: choose from ${scenarioNames()}` }
  return names.length === 0 ? { wrong: `--scenarios: choose from ${scenarioNames()}` } : { names }
}

/** A server that breaks takes its scenario with it, not the round. */
const attempt = async (field: Field, plan: Plan, show: ReturnType<typeof showerOf>): Promise<Ended | Complaint> => {
  try {
    return await field.run(plan, show)
  } catch (error) {
    return { complaint: messageOf(error), code: exitCodes.fail }
  }
}

const codeOfCase = (each: Case): ExitCode => {
  if ("run" in each) return exitCodeOf(each.run)
  return "error" in each ? exitCodes.fail : exitCodes.interrupted
}

const writeJunit = async ({ cases, began }: Round, { junit }: SimOptions) => {
  if (junit === undefined) return
  await writeFile(junit, junitXml(cases, began)).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(
      "usage",
      `--junit ${junit}: it cannot be written (${error.code}): name a file in a folder that is there`,
    )
  })
}
