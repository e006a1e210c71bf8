import { openWorld, type Fan, type World } from "../world.ts"
import { crowdEnv } from "./crowd-env.ts"
import { storesOf } from "./store-look.ts"

type SellOut = { world: World; sale: string; told: Map<string, number>; tickets: string[] }

/**
 * Many people for few seats; every fifth shopper walks away from a hold. Ends when the sale is sold out.
 * `untold` got neither a ticket nor a reason; `latestReleaseMs` is how long after its end the slowest abandoned hold gave its seats back.
 */
export const sellOut = async ({ people, seats }: { people: number; seats: number }) => {
  const world = await openWorld({ env: crowdEnv })
  try {
    const sale = await world.sale({
      total_seats: seats,
      admit_per_minute: 60_000,
      shopper_capacity: 200,
      max_tickets_per_user: 2,
      hold_sec: 3,
      admission_sec: 20,
      call_window_sec: 10,
    })
    const seen: SellOut = { world, sale, told: new Map(), tickets: [] }
    const fans = await world.fans(people)
    await Promise.all(
      fans.map(async (fan, index) => {
        await Bun.sleep((index / people) * 10_000)
        const reason = await come(seen, fan, index)
        seen.told.set(reason, (seen.told.get(reason) ?? 0) + 1)
      }),
    )
    const { body } = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
    return {
      people,
      tickets: seen.tickets.length,
      distinct: new Set(seen.tickets).size,
      sold: body.tickets_sold as number,
      held: body.seats_held as number,
      told: Object.fromEntries(seen.told),
      untold: seen.told.get("") ?? 0,
      ...(await releaseDelays(world, sale)),
    }
  } finally {
    await world.close()
  }
}

/** Resolves with how it ended for this person; empty when nobody ever told. */
const come = async (seen: SellOut, fan: Fan, index: number): Promise<string> => {
  const { world, sale } = seen
  const joined = await world.join(sale, fan)
  if (joined.status >= 300) return String(joined.body.code ?? joined.status)
  for (const deadline = performance.now() + 180_000; performance.now() < deadline;) {
    const { body } = await world.status(sale, fan)
    const ended = body.admitted ? await shop(seen, body.admission_token as string, index) : undefined
    if (ended !== undefined) return ended
    if (body.phase === "sold_out") return "sold_out"
    await Bun.sleep(Math.min(3000, body.retry_after_ms ?? 1000))
  }
  return ""
}

/** Undefined while all seats are held: some come back. */
const shop = async (seen: SellOut, token: string, index: number): Promise<string | undefined> => {
  const first = await take(seen, token, 1 + (index % 2), index % 5 === 0)
  if (first !== undefined) return first
  await Bun.sleep(500)
  return index % 2 === 1 ? take(seen, token, 1, false) : undefined
}

const take = async ({ world, sale, tickets }: SellOut, token: string, quantity: number, walksAway: boolean) => {
  const hold = await world.hold(sale, token, { quantity })
  if (hold.body.code === "unavailable") return undefined
  if (hold.status !== 200) return String(hold.body.code)
  if (walksAway) return "walked away"
  const order = await world.checkout(sale, token, { hold_id: hold.body.hold_id })
  if (order.status === 200) tickets.push(...(order.body.ticket_ids as string[]))
  return order.status === 200 ? "bought" : String(order.body.code)
}

/** Read beside traffic, from the stores themselves. */
const releaseDelays = (world: World, sale: string) =>
  storesOf(world).sql(async (sql) => {
    const [row] = await sql<{ latestReleaseMs: number | null; abandoned: number; overCap: number }[]>`
      select
        (extract(epoch from max(released_at - expires_at)) * 1000)::float8 as latest_release_ms,
        count(*)::int as abandoned,
        (select count(*)::int from (select account_id from tickets where sale_id = ${sale} group by account_id having count(*) > 2) over_cap) as over_cap
      from holds where sale_id = ${sale} and released_at >= expires_at`
    return { latestReleaseMs: Math.round(row!.latestReleaseMs ?? 0), abandoned: row!.abandoned, overCap: row!.overCap }
  })
