import { back, type Kind } from "../scene.ts"

/** Sales beside the busy one, whose boards are asked for as soon as the node answers. */
const otherSales = 5

export const restart: Kind = {
  name: "restart",
  does: "a busy node ends by SIGTERM or kill -9 and starts again; the boards of six sales are asked for at once",
  long: 10,
  short: 2,
  perCell: 5,
  sometimes: [],
  hurt: async (scene, restarts) => {
    const { ground, client } = scene
    const sales = [scene.sale]
    while (sales.length <= otherSales) sales.push(await ground.world.sale())
    for (let each = 0; each < restarts; each++) {
      await Bun.sleep(scene.dice.between(200, 600))
      const at = scene.strike("restart of traffic")
      await (scene.dice.share() < 0.5 ? ground.world.crash() : ground.world.restart())
      for (let round = 0; round < 3; round++)
        await Promise.all(
          sales.map((sale) =>
            client.ask({ operation: "board", method: "GET", path: `/v1/sales/${sale}/waiting-room/board` }),
          ),
        )
      await back(scene, at, "join", "status", "board")
    }
  },
}
