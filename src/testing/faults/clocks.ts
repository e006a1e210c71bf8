import type { World } from "../world.ts"
import { openClockPeople } from "./clock-people.ts"
import { openDice, type Dice } from "./dice.ts"
import { openNodes } from "./nodes.ts"
import { signal } from "./signals.ts"
import { openWallClock } from "./wall-clock.ts"

export type ClockCell = {
  seed: number
  people: number
  lost: number
  moved: number
  twice: number
  /** What else should not have been, each as a sentence. */
  wrong: string[]
}

/**
 * One node is stopped or killed and started again and again over the same stores, each time with a clock that is up to a day off,
 * while people join, shop and hold; the first and the last start have the right one. A sale that is open stays open, one that is due
 * stays closed, holds and admissions end when they were told to or later by what nobody led, and every place is called once.
 */
export const clockCell = async ({ seed, starts = 5 }: { seed: number; starts?: number }): Promise<ClockCell> => {
  const wall = openWallClock()
  const shared = await openNodes(0)
  const dice = openDice(`${seed}`)
  try {
    const first = await shared.add()
    const people = await openClockPeople(first)
    await people.come(first)
    await people.shop(first)
    await end(first, dice)
    for (let start = 2; start < starts; start++) {
      const offset = start === 2 ? hour : Math.round(dice.between(-day, day))
      wall.set(offset)
      const node = await shared.add(wall.env)
      await people.come(node)
      if (Math.abs(offset) > 60) await people.distrust(node, offset)
      await end(node, dice)
    }
    const last = await shared.add()
    await people.come(last)
    await people.goOn(last)
    return { seed, ...people.seen(), twice: await calledTwice(shared.stores, people.open) }
  } finally {
    await shared.close()
    wall.close()
  }
}

/** In seconds. */
const hour = 3600
const day = 86_400

const end = async (node: World, dice: Dice) => {
  if (dice.share() < 0.5) await node.stop()
  else signal([node.pid], "SIGKILL")
}

const calledTwice = (stores: Awaited<ReturnType<typeof openNodes>>["stores"], sale: string) =>
  stores.sql(async (sql) => {
    const calls = await sql<{ from: number; to: number }[]>`
      select from_position as from, to_position as to from queue_calls where sale_id = ${sale} and not again`
    const admissions = await sql<{ count: number }[]>`
      select count(*)::int as count from queue_admissions where sale_id = ${sale} group by account_id`
    const called = calls.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, n) => from + n))
    return called.length - new Set(called).size + admissions.filter(({ count }) => count > 1).length
  })
