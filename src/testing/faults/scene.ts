import { until } from "../until.ts"
import { descendants } from "../world.ts"
import type { Millis } from "../../units.ts"
import type { Client } from "./client.ts"
import type { Findings } from "./comparison.ts"
import type { Dice } from "./dice.ts"
import type { Ground } from "./ground.ts"
import type { Operation } from "./history.ts"
import type { Load } from "./load.ts"
import { frozen } from "./signals.ts"
import type { Rare } from "./sometimes.ts"

/** One kind of fault. */
export type Kind = Common & (UnderLoad | Alone)

type Common = {
  name: string
  /** For people: what is done. */
  does: string
  /** Faults of a long and of a short run, and how many of them one cell brings. */
  long: number
  short: number
  perCell: number
}

/** What is done to a sale that people come to as they come. */
export type UnderLoad = {
  hurt: (scene: Scene, faults: number) => Promise<void>
  sale?: (index: number) => Record<string, number>
  perSecond?: number
  patience?: Millis
  /** For so long a difference may come right by itself. */
  comesRight?: Millis
  /** Joins that one cell acknowledges at least. */
  joinsMin?: number
  /** Rare states that some cell of the kind must have reached. */
  sometimes: readonly Rare[]
}

/** A cell that has its own nodes, people and comparison. */
type Alone = { alone: (seed: number) => Promise<Findings> }

export type Scene = {
  ground: Ground
  sale: string
  load: Load
  client: Client
  dice: Dice
  index: number
  /** Notes the moment of a fault, which comes next. */
  strike: (what: string) => number
}

/** Whoever asks after that moment is served again. @throws Error when not within 30 s */
export const back = ({ client }: Scene, since: number, ...operations: Operation[]) =>
  until(`${operations.join(", ")} go through again`, () => operations.every((each) => client.latest(each) > since), 300)

/** So many people stand with their holds and pay at one moment; the fault comes somewhere in between. */
export const amidCheckouts = async (scene: Scene, fault: () => Promise<unknown> | void, people = 12) => {
  await scene.load.gather(people)
  scene.load.till.open()
  await Bun.sleep(scene.dice.between(0, 25))
  await fault()
}

/** Until the thaw the journal learns of nothing. */
export const behindPostgres = <T>({ ground }: Scene, during: () => Promise<T>): Promise<T> => {
  const pid = ground.pids().postgres!
  return frozen([pid, ...descendants(pid)], during)
}

export const everything: Operation[] = ["join", "status", "hold", "checkout"]
