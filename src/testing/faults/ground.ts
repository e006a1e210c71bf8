import { millis } from "../../units.ts"
import { openMiddleman } from "./middleman.ts"
import { openNodes } from "./nodes.ts"

export type Ground = Awaited<ReturnType<typeof openGround>>
export type Link = keyof Ground["wires"]

/** A node with stores of its own, a middleman on each of its links, and people enough for the largest cell. */
export const openGround = async () => {
  const opened = await openNodes(1, { longestPause: millis(50) })
  const world = opened.nodes[0]!
  const { hostname, port } = new URL(world.url)
  const fans = await openMiddleman({ host: hostname, port: Number(port) })
  return {
    world,
    stores: opened.stores,
    pids: opened.pids,
    redis: opened.redis,
    wires: { fans, redis: opened.wires.redis, postgres: opened.wires.postgres },
    url: `http://127.0.0.1:${fans.port}`,
    people: await world.fans(peopleMax),
    close: async () => {
      await fans.close()
      await opened.close()
    },
  }
}

const peopleMax = 6000
