import { admissionIdIn, isOdd, joinWith, leave } from "./crowd.ts"
import { losableOf, losses, type Loss } from "./losses.ts"
import { frozen } from "./signals.ts"
import { storesOf } from "./store-look.ts"
import { until } from "../until.ts"
import type { Answer, Fan, World } from "../world.ts"

/**
 * People shop, hold and wait; Postgres stands still, so that the next joins are in Redis only; then Redis loses what it had.
 * Whoever joined keeps the position, a receipt brings back what no store had, and nobody is let in before all is whole.
 */
export const loseTheRoom = async (world: World, kind: Loss) => {
  const stores = storesOf(world)
  const capacity = 6
  const sale = await world.sale({
    total_seats: 200,
    shopper_capacity: capacity,
    admit_per_minute: 60_000,
    admission_sec: 600,
    call_window_sec: 600,
  })
  const [early, middle, late, newcomers] = [
    await world.fans(14),
    await world.fans(5),
    await world.fans(6),
    await world.fans(3),
  ]
  const positions = new Map<Fan, number>()
  const receipts = new Map<Fan, string>()
  const join = async (fan: Fan) => {
    const answer = await world.join(sale, fan)
    if (answer.status !== 201) throw new Error(`a join was refused: ${answer.text}`)
    positions.set(fan, answer.body.position)
    receipts.set(fan, answer.body.receipt)
  }
  for (const fan of early) await join(fan)
  const shoppers = early.slice(0, capacity)
  const tokens = new Map<Fan, string>()
  for (const fan of shoppers) tokens.set(fan, await world.admitted(sale, fan))
  const holds = new Map<Fan, string>()
  for (const fan of shoppers.slice(0, 4))
    holds.set(fan, (await world.hold(sale, tokens.get(fan)!, { quantity: 1 })).body.hold_id)
  await stores.journaled(sale)
  await losses[kind].prepare(losableOf(world))
  for (const fan of middle) await join(fan)
  await stores.journaled(sale)
  const generation = await stores.generation(sale)

  const wrong: string[] = []
  const meanwhile: Answer[] = []
  await frozen(world.storePids("postgres"), async () => {
    for (const fan of late) await join(fan)
    await losses[kind].lose(losableOf(world))
    for (const end = performance.now() + 1500; performance.now() < end; await Bun.sleep(50)) {
      const answers = await Promise.all([
        world.join(sale, newcomers[0]!),
        ...early.map((fan) => world.status(sale, fan)),
      ])
      meanwhile.push(answers[0]!)
      for (const [index, answer] of answers.slice(1).entries()) {
        const fan = early[index]!
        if (isOdd(answer) || answer.status === 404) wrong.push(`status meanwhile: ${answer.status} ${answer.text}`)
        if (answer.status === 200 && answer.body.position !== positions.get(fan))
          wrong.push(`meanwhile ${positions.get(fan)} became ${answer.body.position}`)
        if (answer.body.admitted && !tokens.has(fan)) wrong.push(`position ${positions.get(fan)} was let in meanwhile`)
      }
    }
  })
  const acknowledged = meanwhile.filter((each) => each.status < 300).length
  for (const each of meanwhile) if (isOdd(each)) wrong.push(`join meanwhile: ${each.status} ${each.text}`)

  await until("joins are taken again", async () => (await world.join(sale, newcomers[0]!)).status < 300)
  const rebuilt = (await stores.generation(sale)) - generation
  const last = Math.max(...positions.values())
  // One of those whom no store knows any more comes without a receipt, and stands behind the others at worst.
  const [forgetful, ...careful] = late
  for (const fan of newcomers) {
    const { body } = await world.join(sale, fan)
    if (!(body.position > last)) wrong.push(`a newcomer stands at ${body.position}, others at ${last}`)
  }
  for (const fan of careful.toReversed()) {
    const answer = await joinWith(world, sale, fan, receipts.get(fan))
    if (answer.body.position !== positions.get(fan))
      wrong.push(`a receipt for ${positions.get(fan)} brought ${answer.text}`)
  }
  const again = await world.join(sale, forgetful!)
  if (!(again.status < 300 && (again.body.position === positions.get(forgetful!) || again.body.position > last)))
    wrong.push(`without a receipt: ${again.text}`)
  for (const fan of [...early, ...middle, ...careful]) {
    const status = await world.status(sale, fan)
    if (status.body.position !== positions.get(fan)) wrong.push(`${positions.get(fan)} is now: ${status.text}`)
    const token = tokens.get(fan)
    if (token && !(status.body.admitted && admissionIdIn(status.body.admission_token) === admissionIdIn(token)))
      wrong.push(`${positions.get(fan)} lost the admission: ${status.text}`)
  }
  let paid = 0
  for (const [fan, hold] of holds) {
    const order = await world.checkout(sale, tokens.get(fan)!, { hold_id: hold })
    if (order.status === 200) paid++
    else wrong.push(`hold of ${positions.get(fan)}: ${order.text}`)
  }
  // Everybody comes and leaves in turn, the people with receipts before the newcomers.
  for (const fan of shoppers.slice(4)) await leave(world, sale, tokens.get(fan)!)
  const queue = [...early.slice(capacity), ...middle, ...careful, ...newcomers]
  for (const fan of queue) {
    const token = await world.admitted(sale, fan).catch(() => undefined)
    if (token === undefined)
      wrong.push(
        `the turn of ${positions.get(fan) ?? "a newcomer"} did not come: ${(await world.status(sale, fan)).text}`,
      )
    else await leave(world, sale, token)
  }
  return {
    acknowledged,
    refused: meanwhile.length - acknowledged,
    rebuilt,
    paid,
    wrong,
    breaches: await stores.breaches(sale),
  }
}

/**
 * Joins that Postgres could not be told of are answered, then Redis loses them and traffic dies: only the receipts know.
 * Nobody may be given a position that somebody was told before.
 */
export const forgetJoins = async (world: World) => {
  const stores = storesOf(world)
  const sale = await world.sale({ shopper_capacity: 1, admit_per_minute: 1 })
  const [kept, forgotten, newcomers] = [await world.fans(5), await world.fans(8), await world.fans(5)]
  const told = new Map<Fan, Answer["body"]>()
  for (const fan of kept) told.set(fan, (await world.join(sale, fan)).body)
  await stores.journaled(sale)
  let crash: Promise<void> | undefined
  await stores.sql((sql) =>
    sql
      .begin(async (tx) => {
        await tx`select from queue_rooms where sale_id = ${sale} for update`
        for (const fan of forgotten) told.set(fan, (await world.join(sale, fan)).body)
        await stores.redis((redis) => redis.flushall())
        crash = world.crash()
        await crash
      })
      .catch((error) => {
        // Postgres is stopped with traffic.
        if (!crash) throw error
      }),
  )
  await crash
  const wrong: string[] = []
  await until("joins are taken again", async () => (await world.join(sale, newcomers[0]!)).status < 300)
  const last = Math.max(...[...told.values()].map((each) => each.position as number))
  for (const fan of newcomers) {
    const { body } = await world.join(sale, fan)
    if (!(body.position > last)) wrong.push(`a newcomer stands at ${body.position}, others at ${last}`)
  }
  let restored = 0
  for (const [fan, { position, receipt }] of told) {
    if ((await world.status(sale, fan)).status === 404) restored++
    const answer = await joinWith(world, sale, fan, receipt)
    if (answer.body.position !== position) wrong.push(`a receipt for ${position} brought ${answer.text}`)
  }
  return { restored, wrong, breaches: await stores.breaches(sale) }
}
