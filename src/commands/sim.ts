import { isFault } from "../fault.ts"
import { catalog, lookupScenario } from "../lab/catalog.ts"
import type { Lab } from "../lab/lab.ts"
import { runBody, type RunBody } from "../lab/run.ts"
import { defaultLimits, parseRunSettings, type RunSettings } from "../lab/run-settings.ts"
import { progressLine, runTable } from "../lab/run-text.ts"
import { followTarget } from "./sim-target.ts"

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
  target?: string
  json?: boolean
}

export type SimDeps = {
  /** The K6_ variables of the environment, absent where not set. */
  environment: Partial<Record<EnvironmentName, string>>
  findK6: () => Promise<{ path: string; version: string } | { missing: string }>
  /** A server of our own with embedded stores on a free port; `close` leaves nothing behind. */
  privateServer: (settings: RunSettings) => Promise<{ lab: Lab; url: string; close(): Promise<void> }>
  /** Sent to a target that asks for it. */
  demoKey?: string
  out: (line: string) => void
  progress: { isTerminal: boolean; write: (text: string) => void }
  now: () => number
  /** Calls back when the person presses Ctrl-C; returns a way to stop listening. */
  onInterrupt: (stop: () => void) => () => void
}

export const exitCodes = { pass: 0, fail: 1, inconclusive: 2, usage: 64, missing: 69, cancelled: 130 } as const

/** `traffic sim <scenario>|all|list`: answers the exit code. */
export const sim = async (scenario: string | undefined, options: SimOptions, deps: SimDeps): Promise<number> => {
  if (scenario === undefined || scenario === "list") return list(options, deps)
  const names = scenario === "all" ? catalog.map((each) => each.name) : [scenario]
  let worst: number = exitCodes.pass
  const bodies: RunBody[] = []
  for (const name of names) {
    const { code, body } = await simOne(name, options, deps)
    if (body === undefined) return code
    bodies.push(body)
    worst = graver(worst, code)
    if (code === exitCodes.cancelled) break
  }
  if (options.json)
    deps.out(
      JSON.stringify(
        scenario === "all" ? { verdict: verdictOf(worst), runs: bodies.map(resultOf) } : resultOf(bodies[0]!),
      ),
    )
  return worst
}

const list = ({ json }: SimOptions, { out }: SimDeps) => {
  if (json) out(JSON.stringify({ scenarios: catalog.map(({ name, story, holds }) => ({ name, story, holds })) }))
  else for (const { name, story, holds } of catalog) out(`${name.padEnd(16)}  ${story}\n${" ".repeat(18)}${holds}`)
  return exitCodes.pass
}

const simOne = async (name: string, options: SimOptions, deps: SimDeps): Promise<{ code: number; body?: RunBody }> => {
  const asked = requestFrom(name, options, deps.environment)
  if ("wrong" in asked) return complain(deps, asked.wrong, exitCodes.usage)
  let settings: RunSettings
  try {
    settings = parseRunSettings(asked.request, defaultLimits, Math.floor(Math.random() * 2 ** 31))
  } catch (error) {
    if (!isFault(error, "invalid_scenario")) throw error
    return complain(deps, inFlags(error.facts, asked.request, options), exitCodes.usage)
  }
  const request = { ...asked.request, seed: settings.seed }
  const body =
    options.target === undefined
      ? await runPrivately(request, settings, deps)
      : await followTarget(options.target, request, { ...deps, show: showerOf(deps) })
  if ("complaint" in body) return complain(deps, body.complaint, body.code)
  if (!options.json) deps.out(runTable(body))
  return { code: codeOf(body), body }
}

const runPrivately = async (
  request: Record<string, unknown>,
  settings: RunSettings,
  deps: SimDeps,
): Promise<RunBody | Complaint> => {
  const k6 = await deps.findK6()
  if ("missing" in k6) return { complaint: k6.missing, code: exitCodes.missing }
  const show = showerOf(deps)
  let stop = () => {}
  let isStopped = false
  const unlisten = deps.onInterrupt(() => {
    isStopped = true
    stop()
  })
  try {
    const { lab, close } = await deps.privateServer(settings)
    try {
      const run = await lab.start(request)
      stop = () => void lab.stop(run.runId)
      if (isStopped) stop()
      const unwatch = lab.onProgress((each) => show(runBody(each)))
      const ended = await lab.ended(run.runId)
      unwatch()
      show.done()
      return runBody(ended)
    } finally {
      await close()
    }
  } finally {
    unlisten()
  }
}

export type Complaint = { complaint: string; code: number }
const complain = (deps: SimDeps, sentence: string, code: number) => {
  deps.progress.write(`traffic sim: ${sentence}\n`)
  return { code }
}

/** Field on the wire, flag, variable, and whether it is a number. */
const sources = [
  ["vus_max", "vus", "--vus", "K6_VUS_MAX", true],
  ["ramp_up", "ramp", "--ramp", "K6_RAMP_UP", false],
  ["steady", "steady", "--steady", "K6_STEADY", false],
  ["ramp_down", "down", "--down", "K6_RAMP_DOWN", false],
  ["admit_per_minute", "admitRate", "--admit-rate", "K6_ADMIT_PER_MIN", true],
  ["waiting_room_cap", "cap", "--cap", "K6_WAITING_ROOM_CAP", true],
  ["total_seats", "seats", "--seats", "K6_TOTAL_SEATS", true],
  ["seed", "seed", "--seed", undefined, true],
] as const
export type EnvironmentName = Exclude<(typeof sources)[number][3], undefined>

/** Flags come before variables; what neither names keeps the scenario's default. */
const requestFrom = (
  scenario: string,
  options: SimOptions,
  environment: SimDeps["environment"],
): { request: Record<string, unknown> } | { wrong: string } => {
  if (lookupScenario(scenario) === undefined)
    return {
      wrong: `there is no scenario ${scenario}: choose one of ${catalog.map((each) => each.name).join(", ")}, or all`,
    }
  const request: Record<string, unknown> = { scenario }
  for (const [field, option, , variable, isNumber] of sources) {
    const text = options[option] ?? (variable === undefined ? undefined : environment[variable])
    if (text === undefined) continue
    request[field] = isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  }
  return { request }
}

/** "--steady banana: write a length of time such as 10s". */
const inFlags = ({ field, fix }: Record<string, unknown>, request: Record<string, unknown>, options: SimOptions) => {
  const source = sources.find((each) => each[0] === field)
  if (source === undefined) return `${String(field)}: ${String(fix)}`
  const name = options[source[1]] === undefined && source[3] !== undefined ? source[3] : source[2]
  return `${name} ${String(request[source[0]])}: ${String(fix)}`
}

/** A bar that is drawn over on a terminal, a line every five seconds and at every change elsewhere. */
const showerOf = ({ progress, now }: SimDeps) => {
  let shownAt = -Infinity
  let shownStatus = ""
  const show = (run: RunBody) => {
    if (progress.isTerminal) return progress.write(`\r\u001b[2K${progressLine(run, now())}`)
    if (run.status === shownStatus && now() - shownAt < 5000) return
    shownAt = now()
    shownStatus = run.status
    progress.write(`${progressLine(run, now())}\n`)
  }
  return Object.assign(show, { done: () => progress.isTerminal && progress.write("\r\u001b[2K") })
}
export type Shower = ReturnType<typeof showerOf>

const codeOf = ({ verdict, status }: RunBody): number => {
  if (verdict === "PASS") return exitCodes.pass
  if (verdict === "INCONCLUSIVE") return exitCodes.inconclusive
  return status === "cancelled" ? exitCodes.cancelled : exitCodes.fail
}

/** A failure outweighs what could not be judged. */
const graver = (a: number, b: number) => {
  const order: number[] = [exitCodes.pass, exitCodes.inconclusive, exitCodes.fail]
  return order.indexOf(b) < 0 || order.indexOf(b) > order.indexOf(a) ? b : a
}

const verdictOf = (code: number) =>
  code === exitCodes.pass ? "PASS" : code === exitCodes.inconclusive ? "INCONCLUSIVE" : "FAIL"

const resultOf = ({
  run_id,
  scenario,
  verdict,
  status,
  failures,
  checks,
  metrics,
  settings,
  sale_id,
  traffic_version,
  k6_version,
}: RunBody) => ({
  run_id,
  scenario,
  verdict: verdict ?? status.toUpperCase(),
  checks,
  metrics,
  failures,
  settings,
  sale_id,
  traffic_version,
  k6_version,
})
