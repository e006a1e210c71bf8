import { isOdd, joinWith, leave } from "./crowd.ts"
import { losableOf, losses, type Loss } from "./losses.ts"
import { frozen } from "./signals.ts"
import { storesOf } from "./store-look.ts"
import { admissionIdIn } from "./tokens.ts"
import { until } from "../until.ts"
import type { Answer, Fan, World } from "../world.ts"

type Scene = {
  world: World
  stores: ReturnType<typeof storesOf>
  sale: string
  early: Fan[]
  middle: Fan[]
  /** Joined while Postgres stood still. */
  late: Fan[]
  newcomers: Fan[]
  positions: Map<Fan, number>
  receipts: Map<Fan, string>
  /** Of the shoppers, who fill the sale. */
  tokens: Map<Fan, string>
  holds: Map<Fan, string>
  wrong: string[]
}

/**
 * People shop, hold and wait; Postgres stands still, so that the next joins are in Redis only; then Redis loses what it had.
 * Whoever joined keeps the position, a receipt brings back what no store had, and nobody is let in before all is whole.
 */
export const loseTheRoom = async (world: World, kind: Loss) => {
  const scene = await fillTheRoom(world)
  const { stores, sale, newcomers } = scene
  await losses[kind].prepare(losableOf(world))
  for (const fan of scene.middle) await join(scene, fan)
  await stores.journaled(sale)
  const generation = await stores.generation(sale)
  const meanwhile = await loseBehindPostgres(scene, kind)
  for (const each of meanwhile) if (isOdd(each)) scene.wrong.push(`join meanwhile: ${each.status} ${each.text}`)
  const acknowledged = meanwhile.filter((each) => each.status < 300).length
  await until("joins are taken again", async () => (await world.join(sale, newcomers[0]!)).status < 300)
  const rebuilt = (await stores.generation(sale)) - generation
  await comeAgain(scene)
  await standWhereTheyStood(scene)
  const paid = await payHolds(scene)
  await comeInTurn(scene)
  const breaches = await stores.breaches(sale)
  return { acknowledged, refused: meanwhile.length - acknowledged, rebuilt, paid, wrong: scene.wrong, breaches }
}

const capacity = 6
const holding = 4

const fillTheRoom = async (world: World): Promise<Scene> => {
  const stores = storesOf(world)
  const sale = await world.sale({
    total_seats: 200,
    shopper_capacity: capacity,
    admit_per_minute: 60_000,
    admission_sec: 600,
    call_window_sec: 600,
  })
  const [early, middle, late] = [await world.fans(14), await world.fans(5), await world.fans(6)]
  const newcomers = await world.fans(3)
  const known = { positions: new Map(), receipts: new Map(), tokens: new Map(), holds: new Map() }
  const scene: Scene = { world, stores, sale, early, middle, late, newcomers, ...known, wrong: [] }
  for (const fan of early) await join(scene, fan)
  for (const fan of early.slice(0, capacity)) scene.tokens.set(fan, await world.admitted(sale, fan))
  for (const [fan, token] of [...scene.tokens].slice(0, holding))
    scene.holds.set(fan, (await world.hold(sale, token, { quantity: 1 })).body.hold_id as string)
  await stores.journaled(sale)
  return scene
}

const join = async ({ world, sale, positions, receipts }: Scene, fan: Fan) => {
  const answer = await world.join(sale, fan)
  if (answer.status !== 201) throw new Error(`a join was refused: ${answer.text}`)
  positions.set(fan, answer.body.position)
  receipts.set(fan, answer.body.receipt)
}

/** Resolves with what a newcomer was answered until Postgres went on. */
const loseBehindPostgres = async (scene: Scene, kind: Loss): Promise<Answer[]> => {
  const { world } = scene
  const meanwhile: Answer[] = []
  await frozen(world.storePids("postgres"), async () => {
    for (const fan of scene.late) await join(scene, fan)
    await losses[kind].lose(losableOf(world))
    for (const end = performance.now() + 1500; performance.now() < end; await Bun.sleep(50))
      meanwhile.push(await askMeanwhile(scene))
  })
  return meanwhile
}

const askMeanwhile = async ({ world, sale, early, newcomers, positions, tokens, wrong }: Scene): Promise<Answer> => {
  const joining = world.join(sale, newcomers[0]!)
  const answers = await Promise.all(early.map((fan) => world.status(sale, fan)))
  for (const [index, answer] of answers.entries()) {
    const fan = early[index]!
    if (isOdd(answer) || answer.status === 404) wrong.push(`status meanwhile: ${answer.status} ${answer.text}`)
    if (answer.status === 200 && answer.body.position !== positions.get(fan))
      wrong.push(`meanwhile ${positions.get(fan)} became ${answer.body.position}`)
    if (answer.body.admitted && !tokens.has(fan)) wrong.push(`position ${positions.get(fan)} was let in meanwhile`)
  }
  return joining
}

/** One of those whom no store knows any more comes without a receipt, and stands behind the others at worst. */
const comeAgain = async ({ world, sale, late, newcomers, positions, receipts, wrong }: Scene) => {
  const last = Math.max(...positions.values())
  for (const fan of newcomers) {
    const { body } = await world.join(sale, fan)
    if (!(body.position > last)) wrong.push(`a newcomer stands at ${body.position}, others at ${last}`)
  }
  const [forgetful, ...careful] = late
  for (const fan of careful.toReversed()) {
    const answer = await joinWith(world, sale, fan, receipts.get(fan))
    if (answer.body.position !== positions.get(fan))
      wrong.push(`a receipt for ${positions.get(fan)} brought ${answer.text}`)
  }
  const again = await world.join(sale, forgetful!)
  if (!(again.status < 300 && (again.body.position === positions.get(forgetful!) || again.body.position > last)))
    wrong.push(`without a receipt: ${again.text}`)
}

const standWhereTheyStood = async ({ world, sale, early, middle, late, positions, tokens, wrong }: Scene) => {
  for (const fan of [...early, ...middle, ...late.slice(1)]) {
    const status = await world.status(sale, fan)
    if (status.body.position !== positions.get(fan)) wrong.push(`${positions.get(fan)} is now: ${status.text}`)
    const token = tokens.get(fan)
    if (token && !(status.body.admitted && admissionIdIn(status.body.admission_token) === admissionIdIn(token)))
      wrong.push(`${positions.get(fan)} lost the admission: ${status.text}`)
  }
}

const payHolds = async ({ world, sale, holds, positions, tokens, wrong }: Scene) => {
  let paid = 0
  for (const [fan, hold] of holds) {
    const order = await world.checkout(sale, tokens.get(fan)!, { hold_id: hold })
    if (order.status === 200) paid++
    else wrong.push(`hold of ${positions.get(fan)}: ${order.text}`)
  }
  return paid
}

/** Everybody comes and leaves in turn, the people with receipts before the newcomers. */
const comeInTurn = async ({ world, sale, early, middle, late, newcomers, positions, tokens, wrong }: Scene) => {
  for (const token of [...tokens.values()].slice(holding)) await leave(world, sale, token)
  for (const fan of [...early.slice(capacity), ...middle, ...late.slice(1), ...newcomers]) {
    const token = await world.admitted(sale, fan).catch(() => undefined)
    if (token !== undefined) await leave(world, sale, token)
    else {
      const { text } = await world.status(sale, fan)
      wrong.push(`the turn of ${positions.get(fan) ?? "a newcomer"} did not come: ${text}`)
    }
  }
}
