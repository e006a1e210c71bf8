import { expect } from "bun:test"
import fc from "fast-check"
import { epochMs, seconds } from "../../units.ts"
import { brokenInvariants } from "../invariants.ts"
import { anyCommand, type Command } from "./commands.ts"
import { Model } from "./plain.ts"
import type { RareStates } from "./rare.ts"
import type { Traffic } from "./traffic.ts"

type Wrong = { error: unknown; done: string[] }
export type Divergence = Wrong & { seed: number }

/** The commands of a seed, always the same. */
export const commandsOf = (seed: number, count: number): Command[] =>
  fc.sample(fc.array(anyCommand, { minLength: count, maxLength: count, size: "max" }), { seed, numRuns: 1 })[0]!

/** Plays one seed; where sale and model part, as few of its commands as still show it. */
export const play = async (
  traffic: Traffic,
  { seed, count, rare }: { seed: number; count: number; rare: RareStates },
): Promise<Divergence | undefined> => {
  const attempt = (commands: Command[]) => attemptOf(traffic, commands, rare)
  const commands = commandsOf(seed, count)
  const wrong = await attempt(commands)
  return wrong && { seed, ...(await shrunk(attempt, commands, wrong)) }
}

const attemptOf = async (traffic: Traffic, commands: Command[], rare: RareStates): Promise<Wrong | undefined> => {
  await traffic.mendPostgres()
  await traffic.step(0)
  const done: string[] = []
  try {
    const sale = await traffic.newSale()
    const model = new Model(traffic.time)
    await fc.asyncModelRun(() => ({ model, real: { traffic, ...sale, rare, done, asked: 0 } }), commands)
    await traffic.mendPostgres()
    expect(await brokenInvariants(traffic.owner, sale.saleId, epochMs(model.swept))).toEqual([])
    return undefined
  } catch (error) {
    return { error, done }
  } finally {
    await traffic.forget()
  }
}

/** Leaves out ever smaller pieces for as long as it goes wrong without them. */
const shrunk = async (attempt: (commands: Command[]) => Promise<Wrong | undefined>, all: Command[], first: Wrong) => {
  let commands = all
  let wrong = first
  const until = performance.now() + shrinksFor
  for (let size = commands.length >> 1; size > 0; size >>= 1)
    for (let from = 0; from < commands.length && performance.now() < until;) {
      const fewer = commands.toSpliced(from, size)
      const still = await attempt(fewer)
      if (still === undefined) from += size
      else {
        commands = fewer
        wrong = still
      }
    }
  return wrong
}

export const wordsOf = ({ seed, done, error }: Divergence) =>
  `seed ${seed} goes another way than the model with\n${done.map((each) => `  ${each}`).join("\n")}\n${
    error instanceof Error ? error.message : String(error)
  }`

const shrinksFor = seconds(60)
