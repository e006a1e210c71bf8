import { seconds } from "../../../units.ts"
import { descendants } from "../../world.ts"
import { amidCheckouts, back, type Kind, type Scene } from "../scene.ts"
import { frozen } from "../signals.ts"

type Part = "Redis" | "Postgres" | "traffic"
const parts: Part[] = ["Redis", "Postgres", "traffic"]

export const freeze: Kind = {
  name: "freeze",
  does: "SIGSTOP of Redis, Postgres or traffic for 2 to 8 s amid checkouts, then SIGCONT",
  long: 20,
  short: 3,
  perCell: 1,
  patience: seconds(2.5),
  sometimes: ["a hold or checkout was cut off"],
  hurt: async (scene) => {
    const part = parts[scene.index % parts.length]!
    let thawed = 0
    await amidCheckouts(scene, async () => {
      thawed = scene.strike(`${part} stands still`)
      await frozen(processesOf(scene, part), () => Bun.sleep(scene.dice.between(2000, 8000)))
    })
    await back(scene, thawed, "join", "hold", "checkout")
  },
}

const processesOf = ({ ground }: Scene, part: Part): number[] => {
  if (part === "traffic") return [ground.world.pid]
  const pid = part === "Redis" ? ground.pids().redis! : ground.pids().postgres!
  return [pid, ...descendants(pid)]
}
