import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { giveTo, type Owner } from "./owner.ts"

/** Where the stores listen. `redis` and `cache` are sockets, `postgres` is the folder of its socket. */
export type Sockets = { redis: string; cache: string; postgres: string }

/**
 * Each store listens in its own folder, or in a temporary one where the path is too long for a socket. That folder is noted, so
 * that the next start removes what a kill left.
 */
export const openSockets = (dataDir: string, owner: Owner | undefined): Sockets & { remove(): void } => {
  const note = noteIn(dataDir)
  removeNoted(note)
  const own = socketsIn(dataDir)
  if (Buffer.byteLength(join(own.postgres, postgresSocket)) <= longestSocket) return { ...own, remove() {} }
  const folder = mkdtempSync(join(tmpdir(), prefix))
  writeFileSync(note, folder)
  if (owner) giveTo(folder, owner)
  return { ...socketsBeside(folder), remove: () => removeNoted(note) }
}

export const lookupSockets = (dataDir: string): Sockets => {
  const note = noteIn(dataDir)
  return existsSync(note) ? socketsBeside(readFileSync(note, "utf8")) : socketsIn(dataDir)
}

export const urlsOf = ({ redis, cache, postgres }: Sockets) => ({
  redisUrl: `unix:${redis}`,
  cacheUrl: `unix:${cache}`,
  databaseUrl: `postgres://traffic@localhost/traffic?host=${encodeURIComponent(postgres)}`,
})

const noteIn = (dataDir: string) => join(dataDir, "sockets-folder")
const socketsIn = (dataDir: string): Sockets => ({
  redis: join(dataDir, "redis", "redis.sock"),
  cache: join(dataDir, "cache", "redis.sock"),
  postgres: join(dataDir, "postgres"),
})
const socketsBeside = (folder: string): Sockets => ({
  redis: join(folder, "redis.sock"),
  cache: join(folder, "cache.sock"),
  postgres: folder,
})

export const postgresSocket = ".s.PGSQL.5432"

const removeNoted = (note: string) => {
  if (!existsSync(note)) return
  const folder = readFileSync(note, "utf8")
  if (dirname(folder) === tmpdir() && basename(folder).startsWith(prefix))
    rmSync(folder, { recursive: true, force: true })
  rmSync(note)
}

const prefix = "traffic-"
/** Of sockaddr_un, less its final zero and the suffix of a lock file. */
const longestSocket = process.platform === "linux" ? 100 : 97
