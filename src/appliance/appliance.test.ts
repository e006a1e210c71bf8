import { afterEach, expect, test } from "bun:test"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openClock } from "../clock.ts"
import { silentLog } from "../log.ts"
import { openPostgres } from "../stores/postgres.ts"
import { openRedis, redisReady } from "../stores/redis.ts"
import { seconds } from "../units.ts"
import { openAppliance, type Appliance } from "./appliance.ts"
import { exitCodes, Refusal } from "../exit.ts"
import { findLeftovers } from "./leftovers.ts"
import { lookupOwner } from "./owner.ts"

const minute = 60_000
const opened: Appliance[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const freshFolder = () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "traffic-appliance-"))
  folders.push(folder)
  return folder
}

const open = async (dataDir: string) => {
  const appliance = await openAppliance({ dataDir, log: silentLog, clock: openClock() })
  opened.push(appliance)
  return appliance
}

const stop = async (appliance: Appliance) => {
  opened.splice(opened.indexOf(appliance), 1)
  await appliance.stop()
}

const survivors = (dataDir: string) =>
  ["redis", "cache", "postgres"].flatMap((name) =>
    existsSync(join(dataDir, name)) ? findLeftovers(join(dataDir, name)) : [],
  )

const withRedis = async <T>(url: string, work: (redis: ReturnType<typeof openRedis>) => Promise<T>) => {
  const redis = openRedis(url, { commandTimeout: seconds(5) })
  try {
    await redisReady(redis, seconds(20))
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

const withPostgres = async <T>(url: string, work: (sql: ReturnType<typeof openPostgres>) => Promise<T>) => {
  const sql = openPostgres(url, { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Waits for what is bound to come; the test's own timeout ends it when it does not. */
const until = async (isSo: () => boolean | Promise<boolean>) => {
  while (!(await isSo())) await Bun.sleep(10)
}

const refusal = async (work: Promise<unknown>): Promise<Refusal> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Refusal) return error
  throw new Error(`This was no refusal: ${String(error)}`)
}

test(
  "three stores start, keep what they are told over a restart, and leave no process behind",
  async () => {
    const dataDir = freshFolder()
    const first = await open(dataDir)
    expect(survivors(dataDir)).toContain(first.pids().postgres!)
    expect(await withRedis(first.redisUrl, (redis) => redis.set("joined", "yes"))).toBe("OK")
    await withPostgres(first.databaseUrl, (sql) => sql`create table orders as select 7 as paid`)
    await stop(first)
    expect(survivors(dataDir)).toEqual([])

    const second = await open(dataDir)
    expect(await withRedis(second.redisUrl, (redis) => redis.get("joined"))).toBe("yes")
    expect(await withPostgres(second.databaseUrl, (sql) => sql`select paid from orders limit 2`)).toEqual([
      { paid: 7 },
    ] as never)
  },
  minute,
)

test(
  "the durable Redis acknowledges only what is on disk, the volatile one keeps nothing",
  async () => {
    const { redisUrl, cacheUrl } = await open(freshFolder())
    const settings = ["appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy", "save", "port"]
    const read = (url: string) =>
      withRedis(url, async (redis) =>
        Promise.all(settings.map(async (name) => ((await redis.config("GET", name)) as string[])[1])),
      )
    expect(await read(redisUrl)).toEqual(["yes", "always", "no", "noeviction", "", "0"])
    expect(await read(cacheUrl)).toEqual(["no", "everysec", "no", "allkeys-lru", "", "0"])
  },
  minute,
)

test(
  "a killed Redis and a killed Postgres come back with all they had",
  async () => {
    const appliance = await open(freshFolder())
    await withPostgres(appliance.databaseUrl, (sql) => sql`create table orders (paid int)`)
    for (const round of [1, 2, 3]) {
      await withRedis(appliance.redisUrl, (redis) => redis.rpush("positions", round))
      await withPostgres(appliance.databaseUrl, (sql) => sql`insert into orders values (${round})`)
      const before = appliance.pids()
      process.kill(before.redis!, "SIGKILL")
      process.kill(before.postgres!, "SIGKILL")
      await until(() => {
        const { redis, postgres } = appliance.state()
        return (
          redis.state === "running" &&
          postgres.state === "running" &&
          redis.restarts === round &&
          postgres.restarts === round
        )
      })
      expect(await withRedis(appliance.redisUrl, (redis) => redis.llen("positions"))).toBe(round)
      expect(await withPostgres(appliance.databaseUrl, (sql) => sql`select paid from orders limit 9`)).toHaveLength(
        round,
      )
    }
    expect(appliance.state().cache.restarts).toBe(0)
  },
  minute,
)

test(
  "a Redis whose whole folder was deleted comes back empty",
  async () => {
    const dataDir = freshFolder()
    const appliance = await open(dataDir)
    await withRedis(appliance.redisUrl, (redis) => redis.set("positions", "1"))
    rmSync(join(dataDir, "redis"), { recursive: true })
    process.kill(appliance.pids().redis!, "SIGKILL")
    await until(() => appliance.state().redis.restarts > 0 && appliance.state().redis.state === "running")
    expect(await withRedis(appliance.redisUrl, (redis) => redis.get("positions"))).toBe(null)
  },
  minute,
)

test(
  "a second one on the same data directory is refused with the holder's process number",
  async () => {
    const dataDir = freshFolder()
    await open(dataDir)
    const here = await refusal(openAppliance({ dataDir, log: silentLog, clock: openClock() }))
    expect(here.exitCode).toBe(exitCodes.usage)
    expect(here.message).toBe(
      `${dataDir} is in use by traffic (process ${process.pid}): stop it, or name another --data-dir`,
    )
    const parent = openParent(dataDir)
    expect(await new Response(parent.stderr).text()).toContain(`process ${process.pid}`)
    expect(await parent.exited).not.toBe(0)
  },
  minute,
)

test(
  "kill -9 of the parent leaves no orphan, and the next start needs no hand",
  async () => {
    const dataDir = freshFolder()
    const parent = openParent(dataDir)
    const { value } = await parent.stdout.getReader().read()
    const { redisUrl, databaseUrl } = JSON.parse(new TextDecoder().decode(value)) as {
      redisUrl: string
      databaseUrl: string
    }
    await withRedis(redisUrl, (redis) => redis.set("joined", "yes"))
    await withPostgres(databaseUrl, (sql) => sql`create table orders as select 7 as paid`)
    expect(survivors(dataDir).length).toBeGreaterThan(3)
    parent.kill("SIGKILL")
    await parent.exited

    const next = await open(dataDir)
    expect(next.state().postgres.restarts).toBe(0)
    expect(await withRedis(next.redisUrl, (redis) => redis.get("joined"))).toBe("yes")
    expect(await withPostgres(next.databaseUrl, (sql) => sql`select paid from orders limit 2`)).toEqual([
      { paid: 7 },
    ] as never)
    await stop(next)
    expect(survivors(dataDir)).toEqual([])
  },
  minute,
)

test(
  "kill -9 of the parent ends the stores by itself",
  async () => {
    const dataDir = freshFolder()
    const parent = openParent(dataDir)
    await parent.stdout.getReader().read()
    expect(survivors(dataDir).length).toBeGreaterThan(3)
    parent.kill("SIGKILL")
    await parent.exited
    await until(() => survivors(dataDir).length === 0)
  },
  minute,
)

test(
  "kill -9 of the parent at any moment of the first start leaves nothing to repair",
  async () => {
    const dataDir = freshFolder()
    for (const after of [50, 200, 400, 700]) {
      const parent = openParent(dataDir)
      await until(() => existsSync(join(dataDir, "traffic.lock")))
      await Bun.sleep(after)
      parent.kill("SIGKILL")
      await parent.exited
    }
    const appliance = await open(dataDir)
    expect(await withPostgres(appliance.databaseUrl, (sql) => sql`select 1 as one`)).toHaveLength(1)
    expect(readdirSync(dataDir).filter((name) => name.startsWith("postgres-"))).toEqual([])
  },
  minute,
)

test(
  "the stores do not hear the signals of the shell that traffic runs in",
  async () => {
    const { pids } = await open(freshFolder())
    const groupOf = (pid: number) =>
      Bun.spawnSync(["ps", "-o", "pgid=", "-p", `${pid}`])
        .stdout.toString()
        .trim()
    const own = groupOf(process.pid)
    expect(own).not.toBe("")
    for (const pid of Object.values(pids())) expect(groupOf(pid!)).toBe(`${pid}`)
  },
  minute,
)

test(
  "a missing program is named with the way to get it",
  async () => {
    const dataDir = freshFolder()
    const search = (places: string[]) => refusal(openAppliance({ dataDir, log: silentLog, clock: openClock(), places }))
    const redis = await search([])
    expect([redis.exitCode, redis.message]).toEqual([
      exitCodes.missing,
      "redis-server is missing: apt-get install redis-server (or brew install redis)",
    ])
    const postgres = await search(["/usr/bin"])
    expect([postgres.exitCode, postgres.message]).toEqual([
      exitCodes.missing,
      "postgres is missing: apt-get install postgresql (or brew install postgresql@16)",
    ])
    mkdirSync(join(dataDir, "postgres"))
    writeFileSync(join(dataDir, "postgres", "PG_VERSION"), "9\n")
    const other = await refusal(openAppliance({ dataDir, log: silentLog, clock: openClock() }))
    expect(other.message).toBe(
      `${dataDir}/postgres was made by PostgreSQL 9, which is missing: apt-get install postgresql-9`,
    )
  },
  minute,
)

test(
  "a torn tail of the log does not keep Redis from starting",
  async () => {
    const dataDir = freshFolder()
    const first = await open(dataDir)
    await withRedis(first.redisUrl, async (redis) => {
      await redis.set("first", "whole")
      await redis.set("second", "torn".repeat(10))
    })
    await stop(first)
    const logs = join(dataDir, "redis", "appendonlydir")
    const log = join(
      logs,
      readdirSync(logs).find((name) => name.endsWith(".incr.aof"))!,
    )
    truncateSync(log, readFileSync(log).length - 9)
    const second = await open(dataDir)
    expect(await withRedis(second.redisUrl, (redis) => redis.mget("first", "second"))).toEqual(["whole", null])
  },
  minute,
)

test(
  "a reused process number in postmaster.pid does not keep Postgres from starting",
  async () => {
    const dataDir = freshFolder()
    await stop(await open(dataDir))
    const stranger = Bun.spawn(["sleep", "60"], { ...lookupOwner() })
    const lines = [stranger.pid, "/somewhere", 1, 5432, "", "", ""]
    writeFileSync(join(dataDir, "postgres", "postmaster.pid"), lines.join("\n"))
    const appliance = await open(dataDir)
    expect(appliance.state().postgres.restarts).toBe(0)
    expect(stranger.killed).toBe(false)
    stranger.kill("SIGKILL")
  },
  minute,
)

test(
  "a data directory too deep for a socket gets its sockets beside the temporary files, gone after the stop",
  async () => {
    const dataDir = join(freshFolder(), "deep".repeat(20), "deeper".repeat(10))
    mkdirSync(dataDir, { recursive: true })
    const appliance = await open(dataDir)
    const socket = appliance.redisUrl.slice("unix:".length)
    expect(socket.length).toBeLessThan(100)
    expect(existsSync(socket)).toBe(true)
    expect(await withPostgres(appliance.databaseUrl, (sql) => sql`select 1 as one`)).toHaveLength(1)
    await stop(appliance)
    expect(existsSync(join(socket, ".."))).toBe(false)
  },
  minute,
)

test(
  "a store that cannot start is refused with its own words, and the others are stopped",
  async () => {
    const dataDir = freshFolder()
    await stop(await open(dataDir))
    writeFileSync(join(dataDir, "postgres", "postgresql.conf"), "nonsense = 1\n")
    const error = await refusal(openAppliance({ dataDir, log: silentLog, clock: hastyClock() }))
    expect(error.exitCode).toBe(exitCodes.missing)
    expect(error.message).toContain("nonsense")
    expect(survivors(dataDir)).toEqual([])
  },
  minute,
)

/** Ten times as fast, so that giving up does not take long. */
const hastyClock = () =>
  openClock(
    () => 10 * performance.now(),
    () => 10 * performance.now(),
  )

const openParent = (dataDir: string) => {
  const module = (name: string) => JSON.stringify(join(import.meta.dir, name))
  const text = `
    const { openAppliance } = await import(${module("appliance.ts")})
    const { openClock } = await import(${module("../clock.ts")})
    const { silentLog } = await import(${module("../log.ts")})
    const { redisUrl, databaseUrl } = await openAppliance({ dataDir: ${JSON.stringify(dataDir)}, log: silentLog, clock: openClock() })
    console.log(JSON.stringify({ redisUrl, databaseUrl }))
    setInterval(() => {}, 1000)`
  return Bun.spawn([process.execPath, "-e", text], { stdin: "ignore", stdout: "pipe", stderr: "pipe" })
}
