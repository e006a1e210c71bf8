import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Clock } from "../clock.ts"
import { findPostgres, type PostgresPrograms, type ProgramSearch } from "../programs.ts"
import { seconds } from "../units.ts"
import { Refusal } from "../exit.ts"
import { fromFolder, launch, ownFolder, type Program } from "./launch.ts"
import { clearLeftovers } from "./leftovers.ts"
import { giveTo, type Owner } from "./owner.ts"

/** Of the major version of an existing cluster. @throws Refusal (missing) */
export const postgresFor = (folder: string, search: ProgramSearch): PostgresPrograms => {
  const version = join(folder, "PG_VERSION")
  const major = existsSync(version) ? Number(readFileSync(version, "utf8")) : undefined
  const found = findPostgres({ ...search, major })
  if (found) return found
  throw new Refusal(
    "missing",
    major === undefined
      ? "postgres is missing: apt-get install postgresql (or brew install postgresql@16)"
      : `${folder} was made by PostgreSQL ${major}, which is missing: apt-get install postgresql-${major}`,
  )
}

export const postgresServer = (programs: PostgresPrograms, folder: string, socketFolder: string): Program => ({
  name: "postgres",
  folder,
  stopSignal: "SIGINT",
  command: [
    `${programs.folder}/postgres`,
    "-D",
    ownFolder(folder),
    ...Object.entries({
      listen_addresses: "",
      unix_socket_directories: fromFolder(socketFolder, folder),
      unix_socket_permissions: "0700",
      max_connections: "100",
      shared_buffers: "128MB",
      max_wal_size: "2GB",
      synchronous_commit: "on",
      jit: "off",
      // Refused rows are reported to the sender.
      log_min_messages: "log",
      log_checkpoints: "off",
      logging_collector: "off",
    }).flatMap(([setting, value]) => ["-c", `${setting}=${value}`]),
  ],
})

/** Creates the cluster with database and superuser `traffic`, once, under another name that is renamed when it is whole. */
export const makeCluster = async (
  programs: PostgresPrograms,
  folder: string,
  owner: Owner | undefined,
  clock: Clock,
) => {
  for (const name of readdirSync(dirname(folder))) {
    if (!name.startsWith(freshPrefix)) continue
    const unfinished = join(dirname(folder), name)
    await clearLeftovers(unfinished, "SIGKILL", seconds(5), clock)
    rmSync(unfinished, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  if (existsSync(folder)) return
  const fresh = join(dirname(folder), `${freshPrefix}${process.pid}`)
  mkdirSync(fresh, { mode: 0o700 })
  if (owner) giveTo(fresh, owner)
  const options = ["-U", "traffic", "-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject"]
  await finish("initdb", [`${programs.folder}/initdb`, "-D", ownFolder(fresh), ...options], fresh, owner)
  const single = [
    `${programs.folder}/postgres`,
    "--single",
    "-D",
    ownFolder(fresh),
    "-c",
    "log_min_messages=fatal",
    "postgres",
  ]
  await finish("postgres --single", single, fresh, owner, new Blob(["create database traffic\n"]))
  renameSync(fresh, folder)
}

const freshPrefix = "postgres-fresh-"

const finish = async (name: string, command: string[], folder: string, owner: Owner | undefined, stdin?: Blob) => {
  const child = launch({ name, command, folder, stopSignal: "SIGKILL" }, owner, stdin)
  const [said, complained] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0) throw new Refusal("missing", `${name} failed: ${complained.trim() || said.trim()}`)
}
