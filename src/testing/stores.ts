import { chownSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openPostgres, type Pool } from "../stores/postgres.ts"
import { openRedis, redisReady, type Redis } from "../stores/redis.ts"
import { millis, seconds } from "../units.ts"

/** Real stores of this test process, started on first use and gone with it. */
export type Stores = {
  redisUrl: string
  cacheUrl: string
  redis: Redis
  cache: Redis
  /** A database of its own for each call, so that test files share nothing. */
  freshDatabase(): Promise<{ url: string; sql: Pool }>
}

let started: Promise<Stores> | undefined
let end = async () => {}
/** Called once, after the last test: see preload.ts. */
export const endStores = () => end()
export const stores = (): Promise<Stores> => (started ??= start())

const start = async (): Promise<Stores> => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-test-"))
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined
  if (owner) chownSync(folder, owner.uid, owner.gid)
  const run = (command: string[]) =>
    Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", ...command], { stdout: "ignore", stderr: "ignore", ...owner })
  const redis = [
    "redis-server",
    "--port",
    "0",
    "--save",
    "",
    "--dir",
    folder,
    "--logfile",
    "",
    "--maxmemory-policy",
    "noeviction",
  ]
  const children = [
    run([...redis, "--unixsocket", `${folder}/redis.sock`, "--appendonly", "yes", "--appendfsync", "always"]),
    run([...redis, "--unixsocket", `${folder}/cache.sock`]),
  ]
  const bin = postgresFolder()
  const database = join(folder, "pg")
  const made = Bun.spawn(
    [join(bin, "initdb"), "--no-sync", "-D", database, "-U", "traffic", "-A", "trust", "-E", "UTF8", "--locale=C"],
    {
      stdout: "ignore",
      stderr: "pipe",
      ...owner,
    },
  )
  if ((await made.exited) !== 0) throw new Error(`initdb: ${await new Response(made.stderr).text()}`)
  const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "max_connections=200", "fsync=off"]
  children.push(run([join(bin, "postgres"), "-D", database, ...settings.flatMap((each) => ["-c", each])]))
  end = async () => {
    for (const child of children) child.kill("SIGKILL")
    await Promise.all(children.map((child) => child.exited))
    rmSync(folder, { recursive: true, force: true })
  }
  const redisUrl = `unix:${folder}/redis.sock`
  const cacheUrl = `unix:${folder}/cache.sock`
  const connections = [redisUrl, cacheUrl].map((url) => openRedis(url, { commandTimeout: seconds(5) }))
  await Promise.all(connections.map((each) => redisReady(each, seconds(10))))
  const admin = openPostgres(databaseUrl("postgres", folder), { max: 2 })
  await patiently(() => admin`select 1`)
  return {
    redisUrl,
    cacheUrl,
    redis: connections[0]!,
    cache: connections[1]!,
    freshDatabase: async () => {
      const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
      await admin.unsafe(`create database ${name}`)
      const url = databaseUrl(name, folder)
      return { url, sql: openPostgres(url, { max: 20 }) }
    },
  }
}

const databaseUrl = (name: string, folder: string) => `postgres://traffic@localhost/${name}?host=${folder}`

const patiently = async (attempt: () => Promise<unknown>) => {
  for (let left = 100; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0) throw error
      await Bun.sleep(millis(50))
    }
  }
}

const unprivileged = () => {
  for (const name of ["postgres", "nobody"]) {
    const ids = ["-u", "-g"].map((flag) => Number(Bun.spawnSync(["id", flag, name]).stdout.toString()))
    if (ids.every((each) => each > 0)) return { uid: ids[0]!, gid: ids[1]! }
  }
  throw new Error("There is no unprivileged user to run Postgres as")
}

const postgresFolder = () => {
  for (const version of [18, 17, 16, 15, 14])
    for (const folder of [`/usr/lib/postgresql/${version}/bin`, `/opt/homebrew/opt/postgresql@${version}/bin`])
      if (Bun.which("postgres", { PATH: folder })) return folder
  throw new Error("PostgreSQL is missing: run ./scripts/setup")
}
