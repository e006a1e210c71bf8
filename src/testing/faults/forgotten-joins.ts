import { until } from "../until.ts"
import type { Answer, Fan, World } from "../world.ts"
import { joinWith } from "./crowd.ts"
import { storesOf } from "./store-look.ts"

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
