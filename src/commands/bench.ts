import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ownHeaders, type PeerAnswer } from "../bench/peer.ts"
import { alternate, measure, median, type Pair, type Side } from "../bench/round.ts"
import { tokenScript } from "../bench/wrk.ts"
import { lookupRunning } from "../appliance/running.ts"
import { openClock } from "../clock.ts"
import { ConfigError, environment } from "../config.ts"
import { openTokens } from "../guard/tokens.ts"
import { newId, type AccountId } from "../ids.ts"
import { openRedis, redisReady, type Redis } from "../stores/redis.ts"
import { epochMs, later, rfc3339, seconds } from "../units.ts"
import { StoreMissing } from "./stores.ts"

type Figure = { what: string; target: number; pairs: Pair[] }

const adminKey = crypto.randomUUID()
const jwtKey = { kid: "bench", secret: crypto.randomUUID() + crypto.randomUUID() }
const connections = 64
/** More than the slowest poll interval of an account allows, so that no poll of the measurement is refused. */
const pollers = 20_000
const joinsPerSecondMax = 40_000

/** `traffic bench`: 0 when every median reaches its target, 1 when one does not, 2 when the machine was too noisy to tell. */
export const bench = async (flags: { rounds: string; seconds: string; json?: boolean }): Promise<number> => {
  const rounds = whole("--rounds", flags.rounds, 20)
  const length = whole("--seconds", flags.seconds, 60)
  const wrk = Bun.which("wrk")
  if (wrk === null) throw new StoreMissing("wrk is missing, which drives the measurement: apt-get install wrk")
  const say = (line: string) => void (flags.json ? undefined : console.error(line))
  const folder = mkdtempSync(join(tmpdir(), "traffic-bench-"))
  const server = await spawnTraffic(folder)
  try {
    const figures = await measureAll({ wrk, folder, server, rounds, length, say })
    const idle = figures.storeOperationsPerPoll
    console.log(flags.json ? JSON.stringify(report(figures.ratios, idle)) : table(figures.ratios, idle))
    if (figures.ratios.some((each) => each.pairs.length < rounds)) return 2
    return figures.ratios.every((each) => median(each.pairs.map((pair) => pair.ratio)) >= each.target) && idle < 0.001 ? 0 : 1
  } finally {
    server.child.kill("SIGTERM")
    await Promise.race([server.child.exited, Bun.sleep(seconds(20))])
    server.child.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  }
}

type Bench = { wrk: string; folder: string; server: Awaited<ReturnType<typeof spawnTraffic>>; rounds: number; length: number; say: (line: string) => void }

const measureAll = async (parts: Bench) => {
  const { wrk, folder, server, rounds, length, say } = parts
  const ours: Side = { pid: server.child.pid, storePids: childrenOf(server.child.pid) }
  const saleId = await openSale(server.url)
  const room = `${server.url}/v1/sales/${saleId}/waiting-room`

  say(`Preparing ${pollers} waiting accounts`)
  const waiting = await mintTokens(join(folder, "waiting"), pollers)
  await joinAll(`${room}/join`, waiting.tokens)

  const against = async (what: string, target: number, path: string, answer: PeerAnswer, script?: string | ((round: number) => string)): Promise<Figure> => {
    say(`${what}: ${rounds} rounds of ${length} s against the bare server`)
    const bare = await spawnPeer(answer)
    let round = 0
    const load = (url: string) => ({ url, seconds: length, connections, script: typeof script === "function" ? script(round) : script })
    try {
      await measure(wrk, { ...load(bare.url), seconds: 1 }, { pid: bare.child.pid, storePids: [] })
      const pairs = await alternate({
        rounds,
        stolenMax: 0.05,
        ours: () => measure(wrk, load(path), ours),
        bare: async () => {
          const measured = await measure(wrk, load(bare.url), { pid: bare.child.pid, storePids: [] })
          round++
          return measured
        },
        told: (pair, kept) => say(`  ${pair.ours.perSecond.toFixed(0)}/s against ${pair.bare.perSecond.toFixed(0)}/s = ${pair.ratio.toFixed(2)}${complaints(pair)}${kept ? "" : " (discarded: neighbours took too much)"}`),
      })
      return { what, target, pairs }
    } finally {
      bare.child.kill("SIGKILL")
    }
  }

  const statusScript = join(folder, "status.lua")
  writeFileSync(statusScript, tokenScript({ file: waiting.file, skip: 0, method: "GET" }))
  const asked = { headers: { authorization: `Bearer ${waiting.tokens[0]}` } }
  const before = await storeCalls(server.stores)
  const beganIdle = performance.now()
  await Bun.sleep(3000)
  const background = ((await storeCalls(server.stores)) - before) / (performance.now() - beganIdle)
  const beforePolls = await storeCalls(server.stores)
  const beganPolls = performance.now()
  const status = await against("status of a waiting account", 0.6, `${room}/status`, await answerOf(`${room}/status`, asked), statusScript)
  const during = (await storeCalls(server.stores)) - beforePolls - background * (performance.now() - beganPolls)
  const polls = status.pairs.reduce((sum, pair) => sum + pair.ours.requests, 0)
  const board = await against("board", 0.85, `${room}/board`, await answerOf(`${room}/board`, {}))

  say("Signing tokens for the joins")
  const perRound = joinsPerSecondMax * length
  const joiners = await mintTokens(join(folder, "joiners"), Math.min(perRound * 2, 600_000))
  let used = 0
  const sample = await mintTokens(join(folder, "sample"), 1)
  const joinAnswer = await answerOf(`${room}/join`, { method: "POST", headers: { authorization: `Bearer ${sample.tokens[0]}` } })
  const sales: string[] = []
  for (let round = 0; round <= rounds * 3; round++) sales.push(await openSale(server.url))
  const script = join(folder, "join.lua")
  const join_ = async (): Promise<Figure> => {
    say(`first join, fsynced: ${rounds} rounds of ${length} s against the bare server`)
    const bare = await spawnPeer(joinAnswer)
    let round = 0
    writeFileSync(script, tokenScript({ file: joiners.file, skip: 0, method: "POST" }))
    try {
      const pairs = await alternate({
        rounds,
        stolenMax: 0.05,
        ours: async () => {
          const sale = sales[round++]!
          const measured = await measure(wrk, { url: `${server.url}/v1/sales/${sale}/waiting-room/join`, seconds: length, connections, script }, ours)
          used = Math.max(used, measured.requests)
          return measured
        },
        bare: () => measure(wrk, { url: bare.url, seconds: length, connections, script }, { pid: bare.child.pid, storePids: [] }),
        told: (pair, kept) => say(`  ${pair.ours.perSecond.toFixed(0)}/s against ${pair.bare.perSecond.toFixed(0)}/s = ${pair.ratio.toFixed(2)}${complaints(pair)}${kept ? "" : " (discarded: neighbours took too much)"}`),
      })
      return { what: "first join, fsynced", target: 0.35, pairs }
    } finally {
      bare.child.kill("SIGKILL")
    }
  }
  const joined = await join_()
  if (used > joiners.tokens.length) say(`  (tokens ran out: ${used} joins for ${joiners.tokens.length} accounts)`)
  return { ratios: [status, board, joined], storeOperationsPerPoll: Math.max(0, during) / Math.max(1, polls) }
}

const complaints = ({ ours }: Pair) => (ours.refused + ours.broken > 0 ? `, ${ours.refused} refused and ${ours.broken} broken` : "")

const spawnTraffic = async (folder: string) => {
  const dataDir = join(folder, "data")
  const child = Bun.spawn([...self(), "serve", "--port", "0", "--data-dir", dataDir], {
    env: {
      PATH: environment().PATH ?? "",
      HOME: folder,
      TRAFFIC_LOG: "warn",
      TRAFFIC_ADMIN_KEY: adminKey,
      TRAFFIC_JWT_KEYS: `${jwtKey.kid}:${jwtKey.secret}`,
      TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "100000000",
    },
    stdout: "pipe",
    stderr: "inherit",
  })
  const url = await firstMatch(child.stdout, /serves on (http:\/\/\S+)/)
  const running = lookupRunning(dataDir)
  if (running === undefined) throw new Error("the server that is measured has no stores")
  const stores = [running.redisUrl, running.cacheUrl].map((each) => openRedis(each, { commandTimeout: seconds(5) }))
  await Promise.all(stores.map((each) => redisReady(each, seconds(5))))
  return { child, url, stores }
}

const spawnPeer = async (answer: PeerAnswer) => {
  const child = Bun.spawn([...self(), "bench-peer"], { stdin: new Blob([JSON.stringify(answer)]), stdout: "pipe", stderr: "inherit", env: { PATH: environment().PATH ?? "" } })
  return { child, url: await firstMatch(child.stdout, /(http:\/\/\S+)/) }
}

/** This program again. */
const self = () => [process.execPath, ...(Bun.isStandaloneExecutable ? [] : [Bun.main])]

const firstMatch = async (stream: ReadableStream<Uint8Array>, pattern: RegExp) => {
  let text = ""
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk)
    const found = pattern.exec(text)?.[1]
    if (found) return found
  }
  throw new Error(`a server ended before it served: ${text}`)
}

const childrenOf = (pid: number): number[] =>
  readdirSync("/proc")
    .filter((each) => /^\d+$/.test(each))
    .map(Number)
    .filter((each) => parentOf(each) === pid)
    .flatMap((each) => [each, ...childrenOf(each)])

const parentOf = (pid: number) => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1])
  } catch {
    return undefined
  }
}

const storeCalls = async (stores: Redis[]) => {
  const answers = await Promise.all(stores.map((each) => each.info("commandstats")))
  return answers.flatMap((text) => [...text.matchAll(/calls=(\d+)/g)]).reduce((sum, each) => sum + Number(each[1]), 0)
}

const openSale = async (url: string) => {
  const headers = { "content-type": "application/json", "x-admin-key": adminKey }
  const post = async (path: string, body: object) => (await (await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })).json()) as Record<string, string>
  const now = openClock()()
  const event = await post("/v1/admin/events", { name: "Bench", venue: "Here", starts_at: rfc3339(later(now, seconds(86_400))) })
  const sale = await post("/v1/admin/sales", { event_id: event.event_id, opens_at: rfc3339(now), ends_at: rfc3339(later(now, seconds(86_400))), total_seats: 10, admit_per_minute: 1, shopper_capacity: 1, waiting_room_cap: 10_000_000 })
  if (sale.sale_id === undefined) throw new Error(`no sale could be made: ${JSON.stringify(sale)}`)
  return sale.sale_id
}

const mintTokens = async (file: string, count: number) => {
  const tokens = openTokens({ keys: [jwtKey], clock: openClock() })
  const made: string[] = []
  for (let n = 0; n < count; n++) made.push(await tokens.signAccount(newId<AccountId>(epochMs(1_700_000_000_000 + n))))
  writeFileSync(file, made.join("\n"))
  return { file, tokens: made }
}

/** 256 at a time. @throws Error at the first refusal */
const joinAll = async (url: string, tokens: string[]) => {
  let next = 0
  const worker = async () => {
    while (next < tokens.length) {
      const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${tokens[next++]}` } })
      if (!answer.ok && answer.status !== 503) throw new Error(`a join was refused: ${await answer.text()}`)
      if (answer.status === 503) next--
    }
  }
  await Promise.all(Array.from({ length: 128 }, worker))
}

const answerOf = async (url: string, request: RequestInit): Promise<PeerAnswer> => {
  const answer = await fetch(url, request)
  return { status: answer.status, headers: ownHeaders(answer.headers), body: await answer.text() }
}

const report = (figures: Figure[], storeOperationsPerPoll: number) => ({
  store_operations_per_poll: storeOperationsPerPoll,
  figures: figures.map(({ what, target, pairs }) => {
    const ratios = pairs.map((pair) => pair.ratio)
    return {
      what,
      target,
      rounds: pairs.length,
      ratio: { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) },
      ours: { per_second: median(pairs.map((each) => each.ours.perSecond)), server_us: median(pairs.map((each) => each.ours.serverUs)), stores_us: median(pairs.map((each) => each.ours.storesUs)), refused: pairs.reduce((sum, each) => sum + each.ours.refused, 0) },
      bare: { per_second: median(pairs.map((each) => each.bare.perSecond)), server_us: median(pairs.map((each) => each.bare.serverUs)) },
    }
  }),
})

const table = (figures: Figure[], storeOperationsPerPoll: number) => {
  const rows = report(figures, storeOperationsPerPoll).figures.map((each) => [
    each.what,
    `${each.ratio.min.toFixed(2)} · ${each.ratio.median.toFixed(2)} · ${each.ratio.max.toFixed(2)}`,
    each.target.toFixed(2),
    each.ratio.median >= each.target ? "reached" : "MISSED",
    `${each.ours.per_second.toFixed(0)}/s`,
    `${each.bare.per_second.toFixed(0)}/s`,
    `${each.ours.server_us.toFixed(1)} + ${each.ours.stores_us.toFixed(1)} µs`,
    `${each.bare.server_us.toFixed(1)} µs`,
  ])
  const lines = [["path", "ratio min · median · max", "target", "", "traffic", "bare", "CPU server + stores", "CPU bare"], ...rows]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return [
    ...lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()),
    "",
    `store operations per waiting poll: ${storeOperationsPerPoll.toFixed(4)}`,
  ].join("\n")
}

const whole = (flag: string, text: string, max: number) => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max) throw new ConfigError([`${flag} is "${text}"; it takes a whole number from 1 to ${max}`])
  return value
}
