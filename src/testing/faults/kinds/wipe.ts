import { losses, type Loss } from "../losses.ts"
import { back, behindPostgres, type Kind } from "../scene.ts"

type Wipe = { loss: Loss; journal: "whole" | "behind"; times?: number }

/** With Postgres frozen the journal lacks the joins of these seconds: only the living process knows them. */
const wipes: Wipe[] = [
  { loss: "flushed", journal: "whole" },
  { loss: "empty", journal: "whole" },
  { loss: "flushed", journal: "behind" },
  { loss: "stale", journal: "whole" },
  { loss: "empty", journal: "behind" },
  { loss: "flushed", journal: "whole", times: 3 },
]

export const wipe: Kind = {
  name: "wipe",
  does: "the durable Redis loses everything or comes back older: FLUSHALL, an emptied folder, a copy; also with joins that the journal lacks",
  long: 30,
  short: 2,
  perCell: 1,
  // Half of them are held back by the pace of the calls, half by the places.
  sale: (index): Record<string, number> => (index % 2 === 1 ? { shopper_capacity: 300, admit_per_minute: 1200 } : {}),
  sometimes: ["people were refused for the time being"],
  hurt: async (scene) => {
    const { ground, dice, index } = scene
    const { loss, journal, times = 1 } = wipes[index % wipes.length]!
    const lose = async () => {
      await Bun.sleep(dice.between(300, 800))
      scene.load.burst(24)
      await Bun.sleep(dice.between(0, 50))
      const at = scene.strike(`Redis ${loss}${journal === "behind" ? " while Postgres stands still" : ""}`)
      await losses[loss].lose(ground.redis)
      return at
    }
    for (let left = times; left > 0; left--) {
      await losses[loss].prepare(ground.redis)
      const at = await (journal === "behind" ? behindPostgres(scene, lose) : lose())
      await back(scene, at, "join")
    }
  },
}
