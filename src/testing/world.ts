import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The compiled program, as people run it. */
export const binary = join(import.meta.dir, "../../traffic")

export type Answer = { status: number; headers: Headers; body: Record<string, any>; text: string }
export type Fan = { userId: string; token: string }
export type World = Awaited<ReturnType<typeof openWorld>>

export const adminKey = "dev-admin-key"

/**
 * `./traffic serve` from an empty folder with an empty environment, on a free port and stores of its own.
 * `close` asserts that nothing is left behind.
 */
export const openWorld = async ({ env = {}, flags = [] }: { env?: Record<string, string>; flags?: string[] } = {}) => {
  if (!existsSync(binary)) throw new Error("./traffic is not built: run ./scripts/build")
  const folder = mkdtempSync(join(tmpdir(), "traffic-world-"))
  let server = await boot(folder, env, ["--port", "0", ...flags])
  let pids = descendants(server.pid)
  const again = async (signal: "SIGKILL" | "SIGTERM", more: Record<string, string>) => {
    pids = [...pids, ...descendants(server.pid)]
    server.child.kill(signal)
    await server.exited
    const { port } = new URL(server.url)
    server = await boot(folder, { ...env, ...more }, ["--port", port, ...flags])
  }

  const world = {
    folder,
    get url() {
      return server.url
    },
    get pid() {
      return server.pid
    },
    errors: () => server.errors.join(""),
    /** The supervised store that works in this folder below the data directory: redis, cache or postgres. */
    storePids: (store: string) =>
      descendants(server.pid).filter((pid) => workingFolder(pid).endsWith(`/data/${store}`)),
    request: (
      method: string,
      path: string,
      options: { body?: unknown; raw?: BodyInit; headers?: Record<string, string> } = {},
    ) => ask(server.url, method, path, options),
    /** Ends traffic as a crash would, and starts it again on the same port and data; `more` is added to its environment. */
    crash: (more: Record<string, string> = {}) => again("SIGKILL", more),
    restart: () => again("SIGTERM", {}),
    stop: async () => {
      pids = [...pids, ...descendants(server.pid)]
      process.kill(server.pid, "SIGTERM")
      return server.exited
    },
    close: async () => {
      pids = [...new Set([...pids, ...descendants(server.pid)])]
      if (server.child.exitCode === null && server.child.signalCode === null) process.kill(server.pid, "SIGTERM")
      const code = await Promise.race([server.exited, Bun.sleep(30_000)])
      const left = pids.filter((pid) => isOurs(pid, folder))
      for (const pid of left) process.kill(pid, "SIGKILL")
      rmSync(folder, { recursive: true, force: true })
      if (code === undefined) throw new Error("traffic did not stop within 30 s")
      if (left.length > 0) throw new Error(`traffic left processes behind: ${left}`)
    },
  }
  return {
    ...verbs(world),
    ...world,
    get url() {
      return server.url
    },
    get pid() {
      return server.pid
    },
  }
}

type Core = {
  request(
    method: string,
    path: string,
    options?: { body?: unknown; raw?: BodyInit; headers?: Record<string, string> },
  ): Promise<Answer>
}

/** What people do, in their words. */
const verbs = (world: Core) => {
  const bearer = (fan: Fan) => ({ authorization: `Bearer ${fan.token}` })
  const admission = (token: string) => ({ authorization: `Admission ${token}` })
  const admin = { "x-admin-key": adminKey }
  return {
    bearer,
    admission,
    fans: async (count: number): Promise<Fan[]> => {
      const answer = await world.request("POST", "/v1/demo/fans", { body: { count } })
      if (answer.status !== 201) throw new Error(`fans: ${answer.text}`)
      return answer.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { user_id: string; token: string })
        .map(({ user_id, token }) => ({ userId: user_id, token }))
    },
    sale: async (settings: Record<string, unknown> = {}): Promise<string> => {
      const event = await world.request("POST", "/v1/admin/events", {
        headers: admin,
        body: { name: "Night", venue: "Arena", starts_at: inDays(30) },
      })
      const sale = await world.request("POST", "/v1/admin/sales", {
        headers: admin,
        body: {
          event_id: event.body.event_id,
          opens_at: inDays(-0.001),
          ends_at: inDays(1),
          total_seats: 100,
          admit_per_minute: 60_000,
          waiting_room_cap: 100_000,
          shopper_capacity: 1000,
          ...settings,
        },
      })
      if (sale.status !== 201) throw new Error(`sale: ${sale.text}`)
      return sale.body.sale_id as string
    },
    admin: (method: string, path: string, body?: unknown) => world.request(method, path, { headers: admin, body }),
    join: (sale: string, fan: Fan) =>
      world.request("POST", `/v1/sales/${sale}/waiting-room/join`, { headers: bearer(fan) }),
    status: (sale: string, fan: Fan) =>
      world.request("GET", `/v1/sales/${sale}/waiting-room/status`, { headers: bearer(fan) }),
    /** Polls until the turn has come. @throws Error when it does not within 10 s */
    admitted: async (sale: string, fan: Fan): Promise<string> => {
      for (let left = 100; left > 0; left--) {
        const answer = await world.request("GET", `/v1/sales/${sale}/waiting-room/status`, { headers: bearer(fan) })
        if (answer.body.admitted) return answer.body.admission_token as string
        await Bun.sleep(100)
      }
      throw new Error("the turn did not come within 10 s")
    },
    hold: (sale: string, token: string, body: Record<string, unknown>) =>
      world.request("POST", `/v1/sales/${sale}/holds`, {
        headers: admission(token),
        body: { idempotency_key: crypto.randomUUID(), ...body },
      }),
    checkout: (sale: string, token: string, body: Record<string, unknown>) =>
      world.request("POST", `/v1/sales/${sale}/checkout`, {
        headers: admission(token),
        body: { idempotency_key: crypto.randomUUID(), ...body },
      }),
  }
}

export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

const boot = async (folder: string, env: Record<string, string>, flags: string[]) => {
  const child = Bun.spawn([binary, "serve", "--data-dir", join(folder, "data"), ...flags], {
    cwd: folder,
    env,
    stdout: "pipe",
    stderr: "pipe",
  })
  const errors: string[] = []
  void (async () => {
    for await (const chunk of child.stderr) errors.push(new TextDecoder().decode(chunk))
  })().catch(() => {})
  let said = ""
  const reader = child.stdout.getReader()
  const deadline = Date.now() + 60_000
  for (;;) {
    const { value, done } = await reader.read()
    if (done || Date.now() > deadline)
      throw new Error(`traffic did not serve (exit ${await child.exited}): ${said}${errors.join("")}`)
    said += new TextDecoder().decode(value)
    const url = /serves on (http:\/\/\S+)/.exec(said)?.[1]
    if (url) {
      void (async () => {
        while (!(await reader.read()).done);
      })().catch(() => {})
      return { child, pid: child.pid, url: url.replace("localhost", "127.0.0.1"), exited: child.exited, errors }
    }
  }
}

const ask = async (
  url: string,
  method: string,
  path: string,
  { body, raw, headers = {} }: { body?: unknown; raw?: BodyInit; headers?: Record<string, string> },
): Promise<Answer> => {
  const answer = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    redirect: "manual",
    signal: AbortSignal.timeout(30_000),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: parsed(text), text }
}

const parsed = (text: string) => {
  try {
    return JSON.parse(text) as Record<string, any>
  } catch {
    return {}
  }
}

/** All processes below `pid`. */
export const descendants = (pid: number): number[] => {
  const parents = new Map<number, number>()
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const text = readFileSync(`/proc/${entry}/stat`, "utf8")
      parents.set(Number(entry), Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]))
    } catch {
      // It ended while we looked.
    }
  }
  const below = (parent: number): number[] =>
    [...parents].filter(([, each]) => each === parent).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}

const workingFolder = (pid: number) => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ""
  }
}

/** Alive, no zombie, and working in this world's folder. */
const isOurs = (pid: number, folder: string) => {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0]
    return state !== "Z" && workingFolder(pid).startsWith(folder)
  } catch {
    return false
  }
}
