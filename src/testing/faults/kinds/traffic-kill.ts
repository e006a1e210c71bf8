import { amidCheckouts, back, type Kind } from "../scene.ts"

export const trafficKill: Kind = {
  name: "traffic-kill",
  does: "kill -9 of traffic amid joins, holds and checkouts, and a new start",
  long: 60,
  short: 2,
  perCell: 2,
  sometimes: ["a join was cut off", "a hold or checkout was cut off"],
  hurt: async (scene, kills) => {
    for (let kill = 0; kill < kills; kill++)
      await amidCheckouts(scene, async () => {
        scene.load.burst(12)
        await Bun.sleep(scene.dice.between(0, 6))
        const at = scene.strike("SIGKILL of traffic")
        await scene.ground.world.crash()
        await back(scene, at, "join", "hold", "checkout")
      })
  },
}
