import { cpSync, readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { World } from "../world.ts"
import { signal } from "./signals.ts"
import { storesOf } from "./store-look.ts"

/** A durable Redis that can be made to forget. */
export type LosableRedis = { folder: string; pids: () => number[]; flush: () => Promise<unknown> }

export type Loss = keyof typeof losses

/** The durable Redis loses everything, or comes back with an older copy of itself. `prepare` runs before the joins that get lost. */
export const losses = {
  flushed: { prepare: () => {}, lose: ({ flush }: LosableRedis) => flush() },
  empty: {
    prepare: () => {},
    lose: async ({ folder, pids }: LosableRedis) => {
      const dying = pids()
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
      signal(dying, "SIGKILL")
    },
  },
  stale: {
    prepare: ({ folder }: LosableRedis) => {
      rmSync(join(folder, "newer"), { recursive: true, force: true })
      cpSync(join(folder, appendOnly), join(folder, "older"), { recursive: true })
    },
    lose: async ({ folder, pids }: LosableRedis) => {
      const dying = pids()
      renameSync(join(folder, appendOnly), join(folder, "newer"))
      renameSync(join(folder, "older"), join(folder, appendOnly))
      giveAway(join(folder, appendOnly))
      signal(dying, "SIGKILL")
    },
  },
} as const

export const losableOf = (world: World): LosableRedis => ({
  folder: join(world.folder, "data", "redis"),
  pids: () => world.storePids("redis"),
  flush: () => storesOf(world).redis((redis) => redis.flushall()),
})

const appendOnly = "appendonlydir"
/** A copy is its maker's; the store runs as somebody else. */
const giveAway = (folder: string) => Bun.spawnSync(["chown", "-R", "--reference", join(folder, ".."), folder])
