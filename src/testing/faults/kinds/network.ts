import { millis } from "../../../units.ts"
import type { Link } from "../ground.ts"
import type { openMiddleman } from "../middleman.ts"
import { amidCheckouts, back, type Kind } from "../scene.ts"

type Middleman = Awaited<ReturnType<typeof openMiddleman>>

const links: Link[] = ["fans", "redis", "postgres"]
/** In the answer of what has just had its effect. */
const effects: Record<Link, string> = { fans: '"order_id"', redis: "\r\n", postgres: "COMMIT" }

const manners: Record<string, (wire: Middleman, link: Link) => void> = {
  "late answers": (wire) => wire.delay(millis(200)),
  "connections that end in the middle": (wire) => wire.cutAfter(3000),
  "one byte at a time": (wire) => wire.slice(),
  "a black hole": (wire) => wire.blackHole(),
  "half-open connections": (wire) => wire.halfOpen(),
  "answers lost after the effect": (wire, link) => wire.loseAnswers(effects[link]),
  resets: (wire) => wire.cut(),
}

export const network: Kind = {
  name: "network",
  does: "late answers, cuts, single bytes, a black hole, half-open connections, lost answers or resets on one link: fans, Redis, Postgres",
  long: 30,
  short: 3,
  perCell: 1,
  perSecond: 60,
  sometimes: ["a hold or checkout was cut off", "an order was paid though its answer was lost"],
  hurt: async (scene) => {
    const names = Object.keys(manners)
    const link = links[scene.index % links.length]!
    const manner = names[(Math.floor(scene.index / links.length) + 5) % names.length]!
    const wire = scene.ground.wires[link]
    let mended = 0
    await amidCheckouts(scene, async () => {
      scene.strike(`${link}: ${manner}`)
      manners[manner]!(wire, link)
      await Bun.sleep(scene.dice.between(1500, 4000))
      wire.pass()
      mended = scene.strike(`${link}: mended`)
    })
    await back(scene, mended, "join", "status", "hold", "checkout")
  },
}
