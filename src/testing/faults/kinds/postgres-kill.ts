import { descendants } from "../../world.ts"
import { amidCheckouts, back, type Kind } from "../scene.ts"
import { signal } from "../signals.ts"

/** Postgres dies while people pay: its first process alone, or all of them. */
export const postgresKill: Kind = {
  name: "postgres-kill",
  does: "kill -9 of Postgres amid checkouts: its first process, or all of them",
  long: 60,
  short: 2,
  perCell: 2,
  sometimes: ["a hold or checkout was cut off"],
  hurt: async (scene, kills) => {
    for (let kill = 0; kill < kills; kill++)
      await amidCheckouts(scene, async () => {
        const pid = scene.ground.pids().postgres!
        const dying = scene.dice.share() < 0.5 ? [pid] : [pid, ...descendants(pid)]
        const at = scene.strike(`SIGKILL of Postgres, ${dying.length} processes`)
        signal(dying, "SIGKILL")
        await back(scene, at, "hold", "checkout")
      })
  },
}
