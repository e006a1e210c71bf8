import { back, behindPostgres, type Kind, type Scene } from "../scene.ts"
import { signal } from "../signals.ts"
import { slowDisk } from "../slow-disk.ts"

/** The durable Redis dies while joins are under way: plainly, while it rewrites its file, while its disk is slow, or with traffic. */
export const redisKill: Kind = {
  name: "redis-kill",
  does: "kill -9 of the durable Redis amid joins: plainly, while it rewrites its file, with 700 ms for each fsync, together with traffic",
  long: 200,
  short: 4,
  perCell: 4,
  joinsMin: 2000,
  perSecond: 300,
  sale: () => ({ shopper_capacity: 20 }),
  sometimes: ["a join was cut off", "a join was kept though its answer was lost"],
  hurt: async (scene, kills) => {
    for (let kill = 0; kill < kills; kill++) {
      await Bun.sleep(scene.dice.between(100, 700))
      const manner = scene.dice.pick(manners)
      await (manner === "with traffic" ? killTogether(scene) : killAmidJoins(scene, manner))
    }
  },
}

type Manner = "plain" | "rewriting" | "slow disk" | "with traffic"
const manners: Manner[] = [
  "with traffic",
  "plain",
  "plain",
  "plain",
  "plain",
  "rewriting",
  "rewriting",
  "rewriting",
  "slow disk",
]

const killAmidJoins = async (scene: Scene, manner: Exclude<Manner, "with traffic">) => {
  const { ground, load, dice } = scene
  const pid = ground.pids().redis!
  const tracer = manner === "slow disk" ? await slowDisk(pid) : undefined
  if (manner === "rewriting") await ground.stores.redis((redis) => redis.bgrewriteaof())
  load.burst(24)
  await Bun.sleep(dice.between(0, 12))
  const at = scene.strike(`SIGKILL of Redis, ${manner}`)
  signal([pid], "SIGKILL")
  tracer?.kill("SIGKILL")
  await back(scene, at, "join")
}

/** What was answered while the journal stood still is in Redis alone, and nobody is left who remembers. */
export const killTogether = async (scene: Scene, isDue: () => Promise<boolean> = async () => true) => {
  const { ground, load, dice } = scene
  const at = await behindPostgres(scene, async () => {
    load.burst(24)
    await Bun.sleep(dice.between(100, 400))
    for (let left = 100; left > 0; left--) {
      load.burst(24)
      await Bun.sleep(dice.between(0, 12))
      if (await isDue()) break
    }
    const now = scene.strike("SIGKILL of Redis and traffic")
    signal([ground.pids().redis!, ground.world.pid], "SIGKILL")
    return now
  })
  await ground.world.crash()
  await back(scene, at, "join")
}
