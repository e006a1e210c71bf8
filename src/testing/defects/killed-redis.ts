import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { seconds } from "../../units.ts"
import { until } from "../until.ts"
import { seenIn, type Row, type Seen } from "./table.ts"
import { openTrial } from "./trial.ts"

/** Longer than the second after which Redis begins the next fsync by itself, so that one is nearly always under way. */
const fsyncDelayUs = 1_500_000
const joinsFor = seconds(3)
const peopleMax = 600

/** People join while every fsync of Redis is slow; then Redis and the process are killed, and what comes back remembers nobody. */
const killedOnSlowDisk = async (appendfsync: "always" | "everysec"): Promise<Seen> => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-defect-"))
  const socket = join(folder, "redis.sock")
  let server = startRedis(folder, socket, appendfsync)
  try {
    const trial = await openTrial({ redisUrl: `unix:${socket}` })
    try {
      const names = Array.from({ length: peopleMax }, (_, index) => `fan${index + 1}`)
      await trial.arrive(...names)
      const tracer = await slowDisk(server.pid)
      const began = performance.now()
      for (const name of names) {
        await trial.join(name)
        // What was answered stands in the memory of Redis alone.
        if (Number(/aof_buffer_length:(\d+)/.exec(await trial.redis.info("persistence"))?.[1]) > 0) break
        if (performance.now() - began > joinsFor) break
        await Bun.sleep(5)
      }
      server.kill("SIGKILL")
      await server.exited
      tracer.kill("SIGKILL")
      await tracer.exited
      await trial.restart()
      server = startRedis(folder, socket, appendfsync)
      await until("Redis is back", () =>
        trial.redis.ping().then(
          () => true,
          () => false,
        ),
      )
      return seenIn(await trial.audit(), trial.named)
    } finally {
      await trial.close()
    }
  } finally {
    server.kill("SIGKILL")
    await server.exited
    rmSync(folder, { recursive: true, force: true })
  }
}

const startRedis = (folder: string, socket: string, appendfsync: string) => {
  const flags = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--logfile", ""]
  const durable = ["--appendonly", "yes", "--appendfsync", appendfsync]
  return Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", "redis-server", ...flags, ...durable], {
    stdout: "ignore",
    stderr: "ignore",
  })
}

/** From now on every fdatasync takes longer, until the tracer ends. */
const slowDisk = async (pid: number) => {
  const inject = `inject=fdatasync:delay_enter=${fsyncDelayUs}`
  const tracer = Bun.spawn(
    ["setpriv", "--pdeathsig", "KILL", "--", "strace", "-f", "-p", String(pid), "-e", "trace=fdatasync", "-e", inject],
    { stdout: "ignore", stderr: "pipe" },
  )
  const reader = tracer.stderr.getReader()
  const { value } = await reader.read()
  const said = new TextDecoder().decode(value)
  if (!said.includes("attached")) throw new Error(`strace: ${said}`)
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {})
  return tracer
}

export const killedRedisRows: Row[] = [
  {
    alarm: "I5 joins kept",
    defect: "appendfsync is everysec, an fsync is slow, and Redis is killed with -9",
    on: "real stores",
    example: /^fan\d+ was told position \d+ and is not in the journal$/,
    sound: () => killedOnSlowDisk("always"),
    broken: () => killedOnSlowDisk("everysec"),
  },
]
