import { totalmem } from "node:os"
import { fromFolder, ownFolder, type Program } from "./launch.ts"

type Place = { server: string; folder: string; socket: string }

/** The queue's Redis: acknowledged means on disk; a torn tail is truncated at the next start. */
export const durableRedis = (place: Place): Program =>
  redis("redis", place, {
    appendonly: "yes",
    appendfsync: "always",
    "no-appendfsync-on-rewrite": "no",
    "aof-load-truncated": "yes",
    "maxmemory-policy": "noeviction",
    maxmemory: `${Math.max(256, Math.floor(totalmem() / 4 / mebibyte))}mb`,
  })

/** Rate limits and messages between nodes; evicts the least recently used. */
export const volatileRedis = (place: Place): Program =>
  redis("redis-cache", place, { appendonly: "no", "maxmemory-policy": "allkeys-lru", maxmemory: "128mb" })

const redis = (name: string, { server, folder, socket }: Place, settings: Record<string, string>): Program => ({
  name,
  folder,
  stopSignal: "SIGTERM",
  command: [
    server,
    ...Object.entries({
      port: "0",
      dir: ownFolder(folder),
      unixsocket: fromFolder(socket, folder),
      unixsocketperm: "700",
      save: "",
      daemonize: "no",
      pidfile: "redis.pid",
      logfile: "",
      ...settings,
    }).flatMap(([setting, value]) => [`--${setting}`, value]),
  ],
})

const mebibyte = 1024 * 1024
