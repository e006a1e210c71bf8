import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openAppliance } from "../appliance/appliance.ts"
import { lookupRunning } from "../appliance/running.ts"
import { openClock } from "../clock.ts"
import { trustedId, type SaleId } from "../ids.ts"
import { auditStores } from "../lab/audit.ts"
import { readTruth } from "../lab/truth-reader.ts"
import { silentLog } from "../log.ts"
import { findPostgres, findProgram } from "../programs.ts"
import { openPostgres } from "../stores/postgres.ts"
import { openRedis, redisReady } from "../stores/redis.ts"
import { seconds } from "../units.ts"
import { crowdEnv } from "./faults.ts"
import { openWorld, type Answer, type Fan, type World } from "./world.ts"

/** Sends a signal to each process; one that has ended meanwhile is let be. */
export const signal = (pids: number[], name: NodeJS.Signals) => {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended in this moment.
    }
  }
}

/** These processes stand still while `during` runs, and go on afterwards whatever it did. */
export const frozen = async <T>(pids: number[], during: () => Promise<T>): Promise<T> => {
  if (pids.length === 0) throw new Error("nothing is there to be frozen")
  signal(pids, "SIGSTOP")
  try {
    return await during()
  } finally {
    signal(pids, "SIGCONT")
  }
}

export const until = async (what: string, holds: () => Promise<boolean> | boolean, attempts = 300) => {
  for (let left = attempts; left > 0; left--) {
    if (await holds()) return
    await Bun.sleep(100)
  }
  throw new Error(`${what}: not within ${attempts / 10} s`)
}

type StoreUrls = { redisUrl: string; databaseUrl: string }

/** A look at the stores beside traffic. Redis may come and go; each call connects anew. */
export const lookAt = ({ redisUrl, databaseUrl }: StoreUrls) => {
  const redis = async <T>(work: (redis: ReturnType<typeof openRedis>) => Promise<T>): Promise<T> => {
    const client = openRedis(redisUrl, { commandTimeout: seconds(5), name: "chaos" })
    try {
      await redisReady(client, seconds(10))
      return await work(client)
    } finally {
      client.disconnect()
    }
  }
  const sql = async <T>(work: (sql: ReturnType<typeof openPostgres>) => Promise<T>): Promise<T> => {
    const pool = openPostgres(databaseUrl, { max: 1, name: "chaos" })
    try {
      return await work(pool)
    } finally {
      await pool.end({ timeout: 1 })
    }
  }
  /** Resolves once Postgres has all that Redis has. */
  const journaled = (sale: string) =>
    redis((client) => until("the journal is copied", async () => (await client.xlen(`sale:{${sale}}:journal`)) === 0))
  return {
    redis,
    sql,
    journaled,
    /** Every check of the audit that does not hold, with its first counter-example. */
    breaches: async (sale: string): Promise<string[]> => {
      await journaled(sale)
      const truth = await redis((client) => sql((pool) => readTruth(pool, client, trustedId<SaleId>(sale))))
      return auditStores(truth).flatMap((each) => (each.passed ? [] : [`${each.name}: ${each.counterExample ?? ""}`]))
    },
    generation: (sale: string) =>
      sql(
        async (pool) =>
          (await pool<{ generation: number }[]>`select generation from queue_rooms where sale_id = ${sale}`)[0]!
            .generation,
      ),
  }
}

export const storesOf = (world: World) => {
  const running = lookupRunning(join(world.folder, "data"))
  if (!running) throw new Error("the world has no stores")
  return lookAt(running)
}

/** Neither 2xx, nor 4xx, nor 503 with Retry-After. */
export const isOdd = ({ status, headers }: Answer) =>
  !(
    (status >= 200 && status < 300) ||
    (status >= 400 && status < 500) ||
    (status === 503 && Number(headers.get("retry-after")) > 0)
  )

export const admissionIdIn = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).jti as string

export const joinWith = (world: World, sale: string, fan: Fan, receipt?: string) =>
  world.request("POST", `/v1/sales/${sale}/waiting-room/join`, {
    headers: world.bearer(fan),
    ...(receipt ? { body: { receipt } } : {}),
  })

type Told = { position: number; receipt: string; asked: number; answered: number }

/**
 * People who keep coming and keep asking, on any of the given nodes. Everything that must never happen to them is collected:
 * `odd` answers, positions that `moved`, people that are `lost`, a now_serving that goes `back`, and admissions that change.
 * `broken` are requests without an answer.
 */
export const openCrowd = (nodes: World[], sale: string, fans: Fan[], { joinEvery = 20, buys = false } = {}) => {
  const told = new Map<Fan, Told>()
  const admitted = new Map<Fan, { token: string; at: number }>()
  const wrong: string[] = []
  const joins: { at: number; status: number }[] = []
  const polls: { at: number; status: number }[] = []
  const tickets = new Map<Fan, string[]>()
  const buying: Promise<void>[] = []
  const living = new Map(nodes.map((node) => [node, Promise.withResolvers<undefined>()]))
  let served = 0
  let broken = 0
  let over = false
  const attempt = async (what: string, send: (node: World) => Promise<Answer>) => {
    const [node, gone] = [...living][Math.floor(Math.random() * living.size)]!
    const got = await Promise.race([gone.promise, send(node).catch(() => undefined)])
    if (got === undefined) broken += living.has(node) ? 1 : 0
    else if (isOdd(got)) wrong.push(`odd: ${what} answered ${got.status} ${got.text.slice(0, 200)}`)
    return got
  }
  const join = async (fan: Fan, asked: number) => {
    const answer = await attempt("join", (node) => joinWith(node, sale, fan, told.get(fan)?.receipt))
    if (answer) joins.push({ at: performance.now(), status: answer.status })
    if (answer?.status !== 200 && answer?.status !== 201) return false
    const before = told.get(fan)
    if (before && before.position !== answer.body.position)
      wrong.push(`moved: ${before.position} became ${answer.body.position} by joining again`)
    if (!before)
      told.set(fan, {
        position: answer.body.position,
        receipt: answer.body.receipt,
        asked,
        answered: performance.now(),
      })
    return true
  }
  const poll = async (fan: Fan) => {
    const reachedBefore = served
    const answer = await attempt("status", (node) => node.status(sale, fan))
    if (answer) polls.push({ at: performance.now(), status: answer.status })
    if (answer?.status === 404) wrong.push(`lost: position ${told.get(fan)?.position} is ${answer.body.code}`)
    if (answer?.status !== 200) return
    if (answer.body.position !== told.get(fan)!.position)
      wrong.push(`moved: ${told.get(fan)!.position} became ${answer.body.position}`)
    const reached = answer.body.now_serving as number
    // Another node may be one tick behind.
    if (nodes.length === 1 && reached < reachedBefore)
      wrong.push(`back: now_serving ${reachedBefore} became ${reached}`)
    served = Math.max(served, reached)
    if (!answer.body.admitted) return
    const token = answer.body.admission_token as string
    const before = admitted.get(fan)
    if (before && admissionIdIn(before.token) !== admissionIdIn(token))
      wrong.push(`readmitted: ${told.get(fan)!.position} has another admission`)
    admitted.set(fan, { token, at: before?.at ?? performance.now() })
    if (buys && !before) void buying.push(buy(fan, token))
  }
  /** Each step is repeated with its key until it is answered. */
  const buy = async (fan: Fan, token: string) => {
    const repeated = async (what: string, send: (node: World, key: string) => Promise<Answer>) => {
      const key = crypto.randomUUID()
      for (let left = 200; left > 0; left--) {
        const answer = await attempt(what, (node) => send(node, key))
        if (answer?.status === 200) return answer
        if (answer && answer.status !== 503 && answer.status !== 409)
          wrong.push(`unsold: ${what} answered ${answer.status} ${answer.text}`)
        await Bun.sleep(100)
      }
      throw new Error(`${what} was not answered within 20 s`)
    }
    const hold = await repeated("hold", (node, key) => node.hold(sale, token, { quantity: 1, idempotency_key: key }))
    const order = await repeated("checkout", (node, key) =>
      node.checkout(sale, token, { hold_id: hold.body.hold_id, idempotency_key: key }),
    )
    tickets.set(fan, order.body.ticket_ids)
  }
  const joiner = async () => {
    for (const fan of fans) {
      const asked = performance.now()
      while (!over && !(await join(fan, asked))) await Bun.sleep(50)
      if (over) return
      await Bun.sleep(joinEvery)
    }
  }
  const poller = async () => {
    while (!over) {
      const known = [...told.keys()]
      const fan = known[Math.floor(Math.random() * known.length)]
      if (fan) await poll(fan)
      await Bun.sleep(5)
    }
  }
  const working = [joiner(), poller(), poller(), poller()]
  return {
    told,
    admitted,
    tickets,
    wrong,
    /** How often something happened since then, in milliseconds of performance.now(). */
    since: (at: number) => ({
      joined: joins.filter((each) => each.at > at && each.status < 300).length,
      polled: polls.filter((each) => each.at > at && each.status < 300).length,
      admitted: [...admitted.values()].filter((each) => each.at > at).length,
    }),
    broken: () => broken,
    /** As a balancer does: nobody goes to that node any more, and what was under way there has no known end. */
    avoid: (node: World) => {
      living.get(node)?.resolve(undefined)
      living.delete(node)
    },
    trust: (node: World) => living.set(node, Promise.withResolvers()),
    /** Ends it, asks for everybody once more, and tells what was wrong. */
    end: async (): Promise<string[]> => {
      over = true
      await Promise.all(working)
      await Promise.all(buying)
      for (const fan of told.keys()) {
        await join(fan, 0)
        await poll(fan)
      }
      return [...wrong, ...inversions([...told.values()])]
    },
    /** What the audit finds. Whose call was lost with Redis comes, and is called again. */
    breaches: async (stores: ReturnType<typeof lookAt>): Promise<string[]> => {
      for (let left = 20; ; left--) {
        const found = await stores.breaches(sale)
        if (found.length === 0 || left === 0) return found
        for (const fan of told.keys()) await poll(fan)
      }
    },
  }
}

/** Whoever was answered before another asked is ahead of them. */
export const inversions = (people: Told[]): string[] => {
  const sorted = people.toSorted((a, b) => a.position - b.position)
  const found: string[] = []
  let soonest: Told | undefined
  for (const each of sorted.toReversed()) {
    if (soonest && soonest.answered < each.asked)
      found.push(`overtaken: ${soonest.position} was answered before ${each.position} asked`)
    if (!soonest || each.answered < soonest.answered) soonest = each
  }
  const twice = people.length - new Set(people.map((each) => each.position)).size
  return twice === 0 ? found : [...found, `${twice} positions were given twice`]
}

/** The durable Redis loses everything, or comes back with an older copy of itself. `prepare` runs before the joins that get lost. */
export const losses = {
  flushed: { prepare: () => {}, lose: (world: World) => storesOf(world).redis((redis) => redis.flushall()) },
  empty: {
    prepare: () => {},
    lose: async (world: World) => {
      const pids = world.storePids("redis")
      for (const name of readdirSync(redisFolder(world))) rmSync(join(redisFolder(world), name), { recursive: true })
      signal(pids, "SIGKILL")
    },
  },
  stale: {
    prepare: (world: World) =>
      cpSync(join(redisFolder(world), appendOnly), join(redisFolder(world), "older"), { recursive: true }),
    lose: async (world: World) => {
      const folder = redisFolder(world)
      const pids = world.storePids("redis")
      renameSync(join(folder, appendOnly), join(folder, "newer"))
      renameSync(join(folder, "older"), join(folder, appendOnly))
      giveAway(join(folder, appendOnly))
      signal(pids, "SIGKILL")
    },
  },
} as const

const redisFolder = (world: World) => join(world.folder, "data", "redis")
const appendOnly = "appendonlydir"
/** A copy is its maker's; the store runs as somebody else. */
const giveAway = (folder: string) => Bun.spawnSync(["chown", "-R", "--reference", join(folder, ".."), folder])

/**
 * People shop, hold and wait; Postgres stands still, so that the next joins are in Redis only; then Redis loses what it had.
 * Whoever joined keeps the position, a receipt brings back what no store had, and nobody is let in before all is whole.
 */
export const loseTheRoom = async (world: World, kind: keyof typeof losses) => {
  const stores = storesOf(world)
  const capacity = 6
  const sale = await world.sale({
    total_seats: 200,
    shopper_capacity: capacity,
    admit_per_minute: 60_000,
    admission_sec: 600,
    call_window_sec: 600,
  })
  const [early, middle, late, newcomers] = [
    await world.fans(14),
    await world.fans(5),
    await world.fans(6),
    await world.fans(3),
  ]
  const positions = new Map<Fan, number>()
  const receipts = new Map<Fan, string>()
  const join = async (fan: Fan) => {
    const answer = await world.join(sale, fan)
    if (answer.status !== 201) throw new Error(`a join was refused: ${answer.text}`)
    positions.set(fan, answer.body.position)
    receipts.set(fan, answer.body.receipt)
  }
  for (const fan of early) await join(fan)
  const shoppers = early.slice(0, capacity)
  const tokens = new Map<Fan, string>()
  for (const fan of shoppers) tokens.set(fan, await world.admitted(sale, fan))
  const holds = new Map<Fan, string>()
  for (const fan of shoppers.slice(0, 4))
    holds.set(fan, (await world.hold(sale, tokens.get(fan)!, { quantity: 1 })).body.hold_id)
  await stores.journaled(sale)
  losses[kind].prepare(world)
  for (const fan of middle) await join(fan)
  await stores.journaled(sale)
  const generation = await stores.generation(sale)

  const wrong: string[] = []
  const meanwhile: Answer[] = []
  await frozen(world.storePids("postgres"), async () => {
    for (const fan of late) await join(fan)
    await losses[kind].lose(world)
    for (const end = performance.now() + 1500; performance.now() < end; await Bun.sleep(50)) {
      const answers = await Promise.all([
        world.join(sale, newcomers[0]!),
        ...early.map((fan) => world.status(sale, fan)),
      ])
      meanwhile.push(answers[0]!)
      for (const [index, answer] of answers.slice(1).entries()) {
        const fan = early[index]!
        if (isOdd(answer) || answer.status === 404) wrong.push(`status meanwhile: ${answer.status} ${answer.text}`)
        if (answer.status === 200 && answer.body.position !== positions.get(fan))
          wrong.push(`meanwhile ${positions.get(fan)} became ${answer.body.position}`)
        if (answer.body.admitted && !tokens.has(fan)) wrong.push(`position ${positions.get(fan)} was let in meanwhile`)
      }
    }
  })
  const acknowledged = meanwhile.filter((each) => each.status < 300).length
  for (const each of meanwhile) if (isOdd(each)) wrong.push(`join meanwhile: ${each.status} ${each.text}`)

  await until("joins are taken again", async () => (await world.join(sale, newcomers[0]!)).status < 300)
  const rebuilt = (await stores.generation(sale)) - generation
  const last = Math.max(...positions.values())
  // One of those whom no store knows any more comes without a receipt, and stands behind the others at worst.
  const [forgetful, ...careful] = late
  for (const fan of newcomers) {
    const { body } = await world.join(sale, fan)
    if (!(body.position > last)) wrong.push(`a newcomer stands at ${body.position}, others at ${last}`)
  }
  for (const fan of careful.toReversed()) {
    const answer = await joinWith(world, sale, fan, receipts.get(fan))
    if (answer.body.position !== positions.get(fan))
      wrong.push(`a receipt for ${positions.get(fan)} brought ${answer.text}`)
  }
  const again = await world.join(sale, forgetful!)
  if (!(again.status < 300 && (again.body.position === positions.get(forgetful!) || again.body.position > last)))
    wrong.push(`without a receipt: ${again.text}`)
  for (const fan of [...early, ...middle, ...careful]) {
    const status = await world.status(sale, fan)
    if (status.body.position !== positions.get(fan)) wrong.push(`${positions.get(fan)} is now: ${status.text}`)
    const token = tokens.get(fan)
    if (token && !(status.body.admitted && admissionIdIn(status.body.admission_token) === admissionIdIn(token)))
      wrong.push(`${positions.get(fan)} lost the admission: ${status.text}`)
  }
  let paid = 0
  for (const [fan, hold] of holds) {
    const order = await world.checkout(sale, tokens.get(fan)!, { hold_id: hold })
    if (order.status === 200) paid++
    else wrong.push(`hold of ${positions.get(fan)}: ${order.text}`)
  }
  // Everybody comes and leaves in turn, the people with receipts before the newcomers.
  for (const fan of shoppers.slice(4)) await leave(world, sale, tokens.get(fan)!)
  const queue = [...early.slice(capacity), ...middle, ...careful, ...newcomers]
  for (const fan of queue) {
    const token = await world.admitted(sale, fan).catch(() => undefined)
    if (token === undefined)
      wrong.push(
        `the turn of ${positions.get(fan) ?? "a newcomer"} did not come: ${(await world.status(sale, fan)).text}`,
      )
    else await leave(world, sale, token)
  }
  return {
    acknowledged,
    refused: meanwhile.length - acknowledged,
    rebuilt,
    paid,
    wrong,
    breaches: await stores.breaches(sale),
  }
}

export const leave = (world: World, sale: string, token: string) =>
  world.request("DELETE", `/v1/sales/${sale}/admission`, { headers: world.admission(token) })

/**
 * Joins that Postgres could not be told of are answered, then Redis loses them and traffic dies: only the receipts know.
 * Nobody may be given a position that somebody was told before.
 */
export const forgetJoins = async (world: World) => {
  const stores = storesOf(world)
  const sale = await world.sale({ shopper_capacity: 1, admit_per_minute: 1 })
  const [kept, forgotten, newcomers] = [await world.fans(5), await world.fans(8), await world.fans(5)]
  const told = new Map<Fan, Answer["body"]>()
  for (const fan of kept) told.set(fan, (await world.join(sale, fan)).body)
  await stores.journaled(sale)
  let crash: Promise<void> | undefined
  await stores.sql((sql) =>
    sql
      .begin(async (tx) => {
        await tx`select from queue_rooms where sale_id = ${sale} for update`
        for (const fan of forgotten) told.set(fan, (await world.join(sale, fan)).body)
        await stores.redis((redis) => redis.flushall())
        crash = world.crash()
        await crash
      })
      .catch((error) => {
        // Postgres is stopped with traffic.
        if (!crash) throw error
      }),
  )
  await crash
  const wrong: string[] = []
  await until("joins are taken again", async () => (await world.join(sale, newcomers[0]!)).status < 300)
  const last = Math.max(...[...told.values()].map((each) => each.position as number))
  for (const fan of newcomers) {
    const { body } = await world.join(sale, fan)
    if (!(body.position > last)) wrong.push(`a newcomer stands at ${body.position}, others at ${last}`)
  }
  let restored = 0
  for (const [fan, { position, receipt }] of told) {
    if ((await world.status(sale, fan)).status === 404) restored++
    const answer = await joinWith(world, sale, fan, receipt)
    if (answer.body.position !== position) wrong.push(`a receipt for ${position} brought ${answer.text}`)
  }
  return { restored, wrong, breaches: await stores.breaches(sale) }
}

/** Stores that belong to this test, so that each of several nodes may be killed. */
export const openNodes = async (
  count: number,
  { path, env = {} }: { path?: string; env?: Record<string, string> } = {},
) => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-nodes-"))
  const appliance = await openAppliance({
    dataDir: join(folder, "data"),
    log: silentLog,
    clock: openClock(),
    ...(path ? { path } : {}),
  })
  const nodes: World[] = []
  const close = async () => {
    const closed = await Promise.allSettled(nodes.map((each) => each.close()))
    await appliance.stop()
    rmSync(folder, { recursive: true, force: true })
    for (const each of closed) if (each.status === "rejected") throw each.reason
  }
  try {
    const secrets = {
      TRAFFIC_JWT_KEYS: `one:${"s".repeat(40)}`,
      TRAFFIC_TICKET_KEY: `1:${Buffer.alloc(32, 7).toString("base64url")}`,
    }
    const urls = {
      REDIS_URL: appliance.redisUrl,
      REDIS_CACHE_URL: appliance.cacheUrl,
      DATABASE_URL: appliance.databaseUrl,
    }
    for (let made = 0; made < count; made++)
      nodes.push(await openWorld({ env: { ...crowdEnv, ...secrets, ...urls, ...env } }))
    return { nodes, stores: lookAt(appliance), pids: appliance.pids, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * A wall clock that can be stepped for whole processes: a library put before the C library's time functions adds an offset from a file.
 * `path` has a redis-server, a postgres and an initdb under it; `env` puts a node under it.
 */
export const openWallClock = () => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-clock-"))
  chmodSync(folder, 0o755)
  const [file, library] = [join(folder, "offset"), join(folder, "clock.so")]
  const set = (offsetSeconds: number) => writeFileSync(file, `${offsetSeconds}`, { mode: 0o644 })
  set(0)
  const made = Bun.spawnSync(
    ["cc", "-shared", "-fPIC", "-O2", `-DOFFSET_FILE="${file}"`, "-x", "c", "-o", library, "-"],
    { stdin: Buffer.from(clockSource), stderr: "pipe" },
  )
  if (made.exitCode !== 0) throw new Error(`cc: ${made.stderr.toString()}`)
  const postgres = findPostgres()?.folder
  for (const program of [findProgram("redis-server"), `${postgres}/postgres`, `${postgres}/initdb`]) {
    if (!program || !existsSync(program)) throw new Error("a store is missing: run ./scripts/setup")
    const wrapper = join(folder, program.split("/").at(-1)!)
    writeFileSync(wrapper, `#!/bin/sh\nLD_PRELOAD=${library} exec ${program} "$@"\n`, { mode: 0o755 })
  }
  return {
    path: folder,
    env: { LD_PRELOAD: library },
    set,
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const clockSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset_seconds(void) {
  int before = errno;
  char text[24];
  long value = 0, sign = 1;
  int file = syscall(SYS_openat, AT_FDCWD, OFFSET_FILE, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    long length = syscall(SYS_read, file, text, sizeof text);
    syscall(SYS_close, file);
    for (long i = 0; i < length; i++) {
      if (text[i] == '-') sign = -1;
      else value = value * 10 + text[i] - '0';
    }
  }
  errno = before;
  return sign * value;
}
int clock_gettime(clockid_t id, struct timespec *at) {
  int result = syscall(SYS_clock_gettime, id, at);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += offset_seconds();
  return result;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
`
