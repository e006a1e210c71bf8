import { catalog } from "../../lab/scenarios/catalog.ts"
import type { Lab } from "../../lab/lab.ts"
import { usualWidth, wrapped } from "../../lab/report/lines.ts"
import { lookupPreset, presets } from "../../lab/scenarios/presets.ts"
import { runsPerSideMax } from "../../lab/compare/compare.ts"
import type { RunSettings } from "../../lab/model/settings.ts"
import { runTable } from "../../lab/report/text.ts"
import { simAll } from "./all.ts"
import { compareWithBaseline, readBaseline } from "./compare.ts"
import { exitCodeOf, exitCodes, graver, verdictOf, type ExitCode } from "../../exit.ts"
import { openField, type Ended } from "./field.ts"
import { complain, resultOf, showerOf } from "./output.ts"
import { checkReportPaths, writeReports } from "./reports.ts"
import { placeholderOf, planOf, reportPathsOf, type SimEnvironment } from "./request.ts"
import type { Targeting } from "./target.ts"

/** Flags as they were written. */
export type SimOptions = {
  vus?: string
  ramp?: string
  steady?: string
  down?: string
  admitRate?: string
  cap?: string
  seats?: string
  seed?: string
  preset?: string
  /** The short settings of the scenario where no flag says otherwise. */
  quick?: boolean
  /** Of `all`: names, separated by commas. */
  scenarios?: string
  junit?: string
  repeat?: string
  /** Runs to be held against: files, or ids of the target. */
  baseline?: string
  html?: string
  csv?: string
  reportJson?: string
  target?: string
  json?: boolean
}

export type SimDeps = {
  /** The K6_ variables of the environment, absent where not set. */
  environment: SimEnvironment
  findK6: () => Promise<{ path: string; version: string } | { missing: string }>
  /** A server of our own with embedded stores on a free port; `close` leaves nothing behind. */
  privateServer: (settings: RunSettings) => Promise<{ lab: Lab; url: string; close(): Promise<void> }>
  /** What decides whether --target may be used. */
  targeting: Targeting
  out: (line: string) => void
  progress: {
    isTerminal: boolean
    write: (text: string) => void
    /** How wide the terminal is now, where that is known. */
    columns?: () => number | undefined
  }
  now: () => number
  /** Calls back when the person presses Ctrl-C; returns a way to stop listening. */
  onInterrupt: (stop: () => void) => () => void
}

/** `traffic sim <scenario>|all|list`: answers the exit code. */
export const sim = async (named: string | undefined, options: SimOptions, deps: SimDeps): Promise<ExitCode> => {
  // A preset knows its scenario; an unknown one is told apart below, by the flag.
  const scenario =
    named ?? (options.preset === undefined ? "list" : (lookupPreset(options.preset) ?? presets[0]!).scenario)
  if (scenario === "list") return list(options, deps)
  const wrong = wrongFlag(scenario, options)
  if (wrong !== undefined) return complain(deps, wrong, exitCodes.usage)
  return scenario === "all" ? simAll(options, deps) : simOne(scenario, options, deps)
}

const list = ({ json }: SimOptions, { out }: SimDeps) => {
  if (json) {
    const scenarios = catalog.map(({ name, story, holds, incident }) => ({ name, story, holds, incident }))
    out(JSON.stringify({ scenarios, presets }))
    return exitCodes.pass
  }
  out("Scenarios, as in traffic sim launch_spike --quick:\n")
  for (const { name, story, holds } of catalog) out(entry(name, story, `Must hold: ${holds}`))
  out("\nReady-made runs, as in traffic sim --preset smoke:\n")
  for (const { name, says, scenario } of presets) out(entry(name, `${says} (${scenario})`))
  return exitCodes.pass
}

const nameWidth = Math.max(...catalog.map((each) => each.name.length), 16)

/** A name and beside it what it is, in lines of a terminal. */
const entry = (name: string, ...texts: string[]) =>
  texts
    .flatMap((text) => wrapped(text, usualWidth - nameWidth - 2))
    .map((line, index) => `${(index === 0 ? name : "").padEnd(nameWidth)}  ${line}`)
    .join("\n")

/** A sentence on flags that make no sense together. */
const wrongFlag = (scenario: string, options: SimOptions): string | undefined => {
  const { scenarios, junit, repeat, baseline, quick, preset } = options
  const report = [
    ["--html", options.html],
    ["--csv", options.csv],
    ["--report-json", options.reportJson],
  ].find((each): each is [string, string] => each[1] !== undefined && !each[1].includes(placeholderOf(scenario)))
  if (quick && preset !== undefined) return "--quick and --preset both choose the size: give one of them"
  if (repeat !== undefined && !(/^\d+$/.test(repeat) && Number(repeat) >= 1 && Number(repeat) <= runsPerSideMax))
    return `--repeat ${repeat}: write a whole number from 1 to ${runsPerSideMax}`
  if (scenario === "all") {
    if (repeat !== undefined) return "--repeat: name one scenario instead of all"
    if (baseline !== undefined) return "--baseline: name one scenario instead of all"
  } else {
    if (scenarios !== undefined) return `--scenarios ${scenarios}: it chooses from all; write traffic sim all`
    if (junit !== undefined)
      return `--junit ${junit}: it belongs to traffic sim all; --scenarios ${scenario} chooses one`
  }
  if (report !== undefined && (scenario === "all" || Number(repeat ?? 1) > 1))
    return `${report[0]} ${report[1]}: each run writes its own file; write ${placeholderOf(scenario)} where its name goes`
  return undefined
}

const simOne = async (name: string, options: SimOptions, deps: SimDeps): Promise<ExitCode> => {
  const repeat = Number(options.repeat ?? 1)
  const baseline = await readBaseline(name, options, deps)
  if (baseline !== undefined && "complaint" in baseline) return complain(deps, baseline.complaint, baseline.code)
  const plan = planOf(name, options, deps.environment, baseline?.seed)
  if ("wrong" in plan) return complain(deps, plan.wrong, exitCodes.usage)
  const unlike = baseline?.unlike(plan)
  if (unlike !== undefined) return complain(deps, unlike, exitCodes.usage)
  for (let n = 1; n <= repeat; n++) await checkReportPaths(reportPathsOf(options, name, n))
  const runs: Ended[] = []
  const field = openField(options, deps)
  try {
    for (let n = 1; n <= repeat && !field.isStopped(); n++) {
      // Runs on one server would share what it has grown to; each gets a fresh one.
      await field.renew()
      const ended = await field.run(plan, showerOf(deps, repeat === 1 ? "" : `${n}/${repeat} `))
      if ("complaint" in ended) return complain(deps, ended.complaint, ended.code)
      runs.push(ended)
      if (!options.json) deps.out(runTable(ended.body))
      for (const path of await writeReports(ended.body, ended.points, reportPathsOf(options, name, n)))
        deps.progress.write(`wrote ${path}\n`)
    }
  } finally {
    await field.close()
  }
  const worst = runs.map(({ body }) => exitCodeOf(body)).reduce(graver, exitCodes.pass)
  const compared = baseline === undefined ? undefined : compareWithBaseline(baseline.runs, runs)
  if (compared !== undefined && "complaint" in compared) return complain(deps, compared.complaint, compared.code)
  if (compared !== undefined && !options.json) deps.out(compared.text)
  if (options.json) {
    const results = runs.map(resultOf)
    const comparison = compared === undefined ? {} : { comparison: compared.body }
    const answer =
      repeat === 1 ? { ...results[0]!, ...comparison } : { verdict: verdictOf(worst), runs: results, ...comparison }
    deps.out(JSON.stringify(answer))
  }
  return compared === undefined ? worst : graver(worst, compared.code)
}
