import { join } from "node:path"
import type { Settings } from "../../../scenarios/lib/settings.ts"
import { mkdir, writeFile } from "node:fs/promises"
import { millis, seconds, type Millis } from "../../units.ts"
import { lookupSummary, withExceptions, type Exceptions, type K6Summary } from "./summary.ts"

export type K6Order = {
  k6: string
  runId: string
  folder: string
  script: string
  settings: Settings
  /** Of a second k6 in the same run: its files are called after it. */
  name?: string
  /** The people's own addresses, on Linux; empty: everybody has that of the machine. */
  addresses?: string
  /** Answers that point elsewhere which are followed in a row; k6 follows ten. */
  redirects?: number
}

/**
 * `more`: the summaries of the other k6 processes of the run, in their order. `summary` of a stopped one: what had come until then.
 * `starved`: the machine could not carry so many people, which says nothing about the server.
 */
export type K6Ending =
  | { state: "finished"; summary: K6Summary; more?: K6Summary[] }
  | { state: "stopped"; summary?: K6Summary }
  | { state: "broken"; why: string; starved?: true }

export type ArmedK6 = {
  pid: number
  morePids?: number[]
  feedUrl: string
  release(): Promise<void>
  /** Asks k6 to end; kills it when it has not after ten seconds. */
  stop(): Promise<void>
  ended: Promise<K6Ending>
}

export const historyFile = (folder: string, name?: string) => join(folder, `${fileStem("history", name)}.ndjson`)
const fileStem = (what: string, name?: string) => (name === undefined ? what : `${what}-${name}`)

/** Several k6 processes as one: armed in their order, released at one moment, over when all are over. The feed is the first one's. */
export const armTogether = async (first: K6Order, ...others: K6Order[]): Promise<ArmedK6 | K6Ending> => {
  const armed: ArmedK6[] = []
  for (const order of [first, ...others]) {
    const each = await armK6(order)
    if ("release" in each) armed.push(each)
    else {
      await Promise.all(armed.map(({ stop }) => stop()))
      return each
    }
  }
  const [leader, ...followers] = armed as [ArmedK6, ...ArmedK6[]]
  if (followers.length === 0) return leader
  const stop = async () => void (await Promise.all(armed.map((each) => each.stop())))
  return {
    ...leader,
    morePids: followers.map(({ pid }) => pid),
    release: async () => void (await Promise.all(armed.map((each) => each.release()))),
    stop,
    ended: endingOfAll(armed, stop),
  }
}

/** One that breaks takes the others with it: half of a crowd proves nothing. */
const endingOfAll = async (armed: ArmedK6[], stop: () => Promise<void>): Promise<K6Ending> => {
  const endings = await Promise.all(
    armed.map(async ({ ended }) => {
      const ending = await ended
      if (ending.state !== "finished") void stop()
      return ending
    }),
  )
  const worst = endings.toSorted((a, b) => gravity[a.state] - gravity[b.state])[0]!
  if (worst.state !== "finished") return worst
  const [first, ...more] = endings.flatMap((each) => (each.state === "finished" ? [each.summary] : []))
  return { state: "finished", summary: first!, more }
}
const gravity: Record<K6Ending["state"], number> = { broken: 0, stopped: 1, finished: 2 }

/**
 * Starts k6 with everybody loaded and waiting at the line.
 * A port that somebody else took in the meantime is tried again with others, twice.
 */
export const armK6 = async (order: K6Order): Promise<ArmedK6 | K6Ending> => {
  await mkdir(order.folder, { recursive: true, mode: 0o700 })
  await writeFile(join(order.folder, "empty.json"), "{}")
  for (let attempt = 1; ; attempt++) {
    const child = await start(order)
    const armed = await Promise.race([child.armed, child.ended])
    if (armed === "armed") return child
    if (armed === "late") {
      await child.stop()
      return {
        state: "broken",
        why: `k6 had not loaded everybody within ${armingTime / 1000} s: the generator was the limit`,
        starved: true,
      }
    }
    if (child.exitCode() !== portTaken || attempt === 3) return armed
  }
}

const portTaken = 106
const armingTime = seconds(120)
const stoppingTime = seconds(10)

const pathForPrograms = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"

const start = async (order: K6Order) => {
  const [dashboard, control] = await Promise.all([freePort(), freePort()])
  const child = Bun.spawn(commandOf(order, control), {
    stdin: new Blob([order.script]),
    stdout: "pipe",
    stderr: "pipe",
    env: environmentOf(order, dashboard),
  })
  const controlUrl = `http://127.0.0.1:${control}/v1/status`
  const ended = endingOf(child)
  return {
    pid: child.pid,
    feedUrl: `http://127.0.0.1:${dashboard}/events`,
    armed: waitUntilPaused(controlUrl, () => child.exitCode !== null || child.signalCode !== null),
    ended,
    exitCode: () => child.exitCode,
    release: () => release(controlUrl),
    stop: async () => {
      child.kill("SIGTERM")
      const timer = setTimeout(() => child.kill("SIGKILL"), stoppingTime)
      await child.exited
      clearTimeout(timer)
    },
  }
}

const commandOf = ({ k6, runId, folder, name, addresses = "127.1.0.0/16", redirects }: K6Order, control: number) => {
  const which = (name: string) => Bun.which(name, { PATH: pathForPrograms })
  const guard = which("setpriv") ? ["setpriv", "--pdeathsig", "TERM", "--"] : []
  const politely = which("nice") ? ["nice", "-n", "5"] : []
  const ownAddresses = process.platform === "linux" && addresses !== "" ? ["--local-ips", addresses] : []
  const whereTo = redirects === undefined ? [] : ["--max-redirects", String(redirects)]
  return [
    ...guard,
    ...politely,
    k6,
    "run",
    "--quiet",
    "--no-color",
    "--log-format",
    "json",
    "--config",
    join(folder, "empty.json"),
    "--paused",
    "--address",
    `127.0.0.1:${control}`,
    ...ownAddresses,
    ...whereTo,
    "--no-usage-report",
    "--tag",
    `run_id=${runId}`,
    "--console-output",
    historyFile(folder, name),
    "--summary-trend-stats",
    "avg,min,med,max,p(90),p(93),p(94),p(95),p(97),p(98),p(98.5),p(99),p(99.9),count",
    "-",
  ]
}

/** k6 sees nothing of our environment: a K6_ variable there would replace the scenario. */
const environmentOf = ({ folder, name, settings }: K6Order, dashboard: number) => ({
  PATH: pathForPrograms,
  HOME: folder,
  NO_COLOR: "1",
  GOGC: "400",
  K6_NO_USAGE_REPORT: "true",
  K6_AUTO_EXTENSION_RESOLUTION: "false",
  K6_WEB_DASHBOARD: "true",
  K6_WEB_DASHBOARD_HOST: "127.0.0.1",
  K6_WEB_DASHBOARD_PORT: String(dashboard),
  K6_WEB_DASHBOARD_PERIOD: "1s",
  K6_WEB_DASHBOARD_TAGS: "step",
  K6_WEB_DASHBOARD_RECORD: join(folder, `${fileStem("record", name)}.ndjson`),
  TRAFFIC_CFG: JSON.stringify(settings),
})

const endingOf = async (child: Bun.Subprocess<Blob, "pipe", "pipe">): Promise<K6Ending> => {
  const [stdout, { complaint, exceptions }] = await Promise.all([
    new Response(child.stdout).text(),
    complaintsOf(child.stderr),
  ])
  const code = await child.exited
  const summary = withExceptions(lookupSummary(stdout), exceptions)
  if (code === 103 || code === 105) return { state: "stopped", summary }
  if ((code === 0 || code === 99) && summary !== undefined) return { state: "finished", summary }
  return {
    state: "broken",
    why: `k6 ended with ${child.signalCode ?? `code ${code}`}${complaint === "" ? "" : `: ${complaint}`}`,
  }
}

/** The end of what k6 complained about, at most 2 KB, and the exceptions of the script: k6 takes them for nothing but lines of its log. */
const complaintsOf = async (stream: ReadableStream<Uint8Array>) => {
  const decoder = new TextDecoder()
  const exceptions: Exceptions = { count: 0 }
  let complaint = ""
  let line = ""
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true })
    complaint = (complaint + text).slice(-2000)
    const lines = (line + text).split("\n")
    line = lines.pop()!.slice(0, lineMost)
    for (const each of lines) {
      const exception = exceptionIn(each)
      if (exception === undefined) continue
      exceptions.count++
      exceptions.first ??= exception
    }
  }
  return { complaint: complaint.trim(), exceptions }
}
const lineMost = 20_000

const exceptionIn = (line: string): string | undefined => {
  try {
    const { level, executor, msg } = JSON.parse(line) as { level?: string; executor?: string; msg?: string }
    return level === "error" && executor !== undefined ? (msg ?? "").split("\n")[0]!.slice(0, 300) : undefined
  } catch {
    return undefined
  }
}

/** 4 in k6's status: everybody is loaded, the test is paused before its start. */
const waitUntilPaused = async (url: string, isOver: () => boolean): Promise<"armed" | "late"> => {
  for (let waited = 0; waited < armingTime && !isOver(); waited += askEvery) {
    const status = await fetch(url, { signal: AbortSignal.timeout(askEvery * 10) })
      .then((answer) => answer.json() as Promise<{ data: { attributes: { status: number } } }>)
      .catch(() => undefined)
    if (status?.data.attributes.status === 4) return "armed"
    await Bun.sleep(askEvery)
  }
  return isOver() ? new Promise(() => {}) : "late"
}
const askEvery: Millis = millis(100)

const release = async (url: string) => {
  const body = JSON.stringify({ data: { type: "status", id: "default", attributes: { paused: false } } })
  const answer = await fetch(url, { method: "PATCH", body, headers: { "content-type": "application/json" } })
  if (!answer.ok) throw new Error(`k6 did not start the test: ${answer.status} ${await answer.text()}`)
}

const freePort = async () => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}
