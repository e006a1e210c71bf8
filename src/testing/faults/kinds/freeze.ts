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
  sale: (index): Record<string, number> => (isLong(index) ? { admission_sec: 10, hold_sec: 6 } : {}),
  hurt: async (scene) => {
    const part = parts[scene.index % parts.length]!
    const length = isLong(scene.index) ? 12_000 : scene.dice.between(2000, 8000)
    let thawed = 0
    await amidCheckouts(scene, async () => {
      thawed = scene.strike(`${part} stands still`)
      await frozen(processesOf(scene, part), () => Bun.sleep(length))
    })
    await back(scene, thawed, "join", "hold", "checkout")
  },
}

/** Longer than an admission and a hold, for each part in turn. */
const isLong = (index: number) => Math.floor(index / parts.length) % 3 === 2

const processesOf = ({ ground }: Scene, part: Part): number[] => {
  if (part === "traffic") return [ground.world.pid]
  const pid = part === "Redis" ? ground.pids().redis! : ground.pids().postgres!
  return [pid, ...descendants(pid)]
}
