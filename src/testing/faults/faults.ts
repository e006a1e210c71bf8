import { lookupRunning } from "../../appliance/running.ts"
import { openPostgres } from "../../stores/postgres.ts"
import { type Answer, descendants, type Fan, openWorld, type World } from "../world.ts"

/** Limits out of the way: everybody here comes from one address. */
export const crowdEnv = {
  TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "100000000",
  TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN: "1000",
  TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN: "1000",
}

export type Tell = (line: string) => void

/** An answer, or undefined when the connection broke: what happened then is not known. */
const attempt = (answer: Promise<Answer>): Promise<Answer | undefined> => answer.catch(() => undefined)

/** kill -9 of a store's first process: of Postgres that is the postmaster. */
const killStore = (pid: number | undefined) => {
  if (pid === undefined) throw new Error("the store is not running")
  process.kill(pid, "SIGKILL")
}

/**
 * Joins arrive while the durable Redis is killed again and again, some of the times with every fdatasync slowed to 700 ms.
 * `lost` are answered joins that are gone, `moved` those with another position, `backMs` the longest until joins went through again.
 */
export const redisKills = async ({ kills, slow, tell = () => {} }: { kills: number; slow: number; tell?: Tell }) => {
  const world = await openWorld({ env: crowdEnv })
  try {
    const sale = await world.sale({ admit_per_minute: 1, shopper_capacity: 1 })
    const fans: Fan[] = []
    while (fans.length < kills * 5000 + 5000) fans.push(...(await world.fans(5000)))
    const acknowledged = new Map<Fan, number>()
    const odd: string[] = []
    let next = 0
    /** When the latest join was sent that has been answered. */
    let answeredOf = performance.now()
    let stopping = false
    const joiner = async () => {
      while (!stopping) {
        const fan = fans[next++ % fans.length]!
        if (acknowledged.has(fan)) {
          await Bun.sleep(5)
          continue
        }
        const sent = performance.now()
        const answer = await attempt(world.join(sale, fan))
        if (answer?.status === 201 || answer?.status === 200) {
          acknowledged.set(fan, answer.body.position)
          answeredOf = Math.max(answeredOf, sent)
          await Bun.sleep(5)
        } else {
          if (answer && !(answer.status === 503 && answer.headers.get("retry-after")))
            odd.push(`${answer.status} ${answer.text}`)
          await Bun.sleep(20)
        }
      }
    }
    const joiners = Array.from({ length: 32 }, joiner)
    let backMs = 0
    for (let kill = 1; kill <= kills; kill++) {
      await Bun.sleep(400 + Math.random() * 800)
      const slowed = kill <= slow ? await slowDisk(world) : undefined
      killStore(world.storePids("redis")[0])
      const killedAt = performance.now()
      slowed?.kill("SIGKILL")
      while (answeredOf <= killedAt) {
        if (performance.now() - killedAt > 60_000) throw new Error("joins did not go through again within 60 s")
        await Bun.sleep(10)
      }
      const back = performance.now() - killedAt
      backMs = Math.max(backMs, back)
      tell(
        `kill ${kill}${slowed ? " with a slow disk" : ""}: ${acknowledged.size} joins answered, back after ${Math.round(back)} ms`,
      )
    }
    stopping = true
    await Promise.all(joiners)
    let lost = 0
    let moved = 0
    const left = [...acknowledged]
    const checker = async () => {
      for (let each = left.pop(); each !== undefined; each = left.pop()) {
        const status = await world.status(sale, each[0])
        if (status.status === 404) lost++
        else if (status.body.position !== each[1]) moved++
      }
    }
    await Promise.all(Array.from({ length: 16 }, checker))
    const twice = acknowledged.size - new Set(acknowledged.values()).size
    return { acknowledged: acknowledged.size, lost, moved, twice, backMs: Math.round(backMs), odd: odd.slice(0, 5) }
  } finally {
    await world.close()
  }
}

/** Every fdatasync of the durable Redis takes 700 ms longer from now on, until the tracer ends. */
const slowDisk = async (world: World) => {
  const [pid] = world.storePids("redis")
  const tracer = Bun.spawn(
    ["strace", "-f", "-p", String(pid), "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=700000"],
    { stdout: "ignore", stderr: "pipe" },
  )
  const reader = tracer.stderr.getReader()
  const { value } = await reader.read()
  if (!new TextDecoder().decode(value).includes("attached"))
    throw new Error(`strace: ${new TextDecoder().decode(value)}`)
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {})
  await Bun.sleep(1600)
  return tracer
}

/**
 * Postgres is killed between hold and checkout. Every checkout is repeated with its key until it is answered 200;
 * `doubled` and `missing` compare the answers with what each account finds among its tickets afterwards.
 */
export const postgresKills = async ({
  kills,
  shoppers,
  tell = () => {},
}: {
  kills: number
  shoppers: number
  tell?: Tell
}) => {
  const world = await openWorld({ env: crowdEnv })
  try {
    const sale = await world.sale({
      total_seats: kills * shoppers,
      admit_per_minute: 600_000,
      shopper_capacity: 10_000,
      max_tickets_per_user: 2,
    })
    const odd: string[] = []
    const orders: { fan: Fan; order: string; tickets: string[] }[] = []
    let retried = 0
    for (let kill = 1; kill <= kills; kill++) {
      const fans = await world.fans(shoppers)
      const ready = await Promise.all(
        fans.map(async (fan) => {
          await world.join(sale, fan)
          const token = await world.admitted(sale, fan)
          const hold = await world.hold(sale, token, { quantity: 1 })
          if (hold.status !== 200) throw new Error(`a hold was refused: ${hold.text}`)
          return { fan, token, body: { hold_id: hold.body.hold_id as string, idempotency_key: crypto.randomUUID() } }
        }),
      )
      const bought = ready.map(async ({ fan, token, body }, index) => {
        await Bun.sleep(index * 2)
        for (let left = 600; left > 0; left--) {
          const answer = await attempt(world.checkout(sale, token, body))
          if (answer?.status === 200)
            return void orders.push({ fan, order: answer.body.order_id, tickets: answer.body.ticket_ids })
          retried++
          if (answer && !((answer.status === 503 || answer.status === 409) && answer.headers.get("retry-after")))
            odd.push(`${answer.status} ${answer.text}`)
          await Bun.sleep(50)
        }
        throw new Error("a checkout was not answered within 30 s")
      })
      await Bun.sleep(Math.random() * 20)
      killStore(world.storePids("postgres")[0])
      await Promise.all(bought)
      tell(`kill ${kill}: ${orders.length} checkouts answered 200, ${retried} answers to repeat so far`)
    }
    let missing = 0
    let doubled = 0
    for (const { fan, order, tickets } of orders) {
      const found = await world.request("GET", "/v1/me/tickets", { headers: world.bearer(fan) })
      const mine = found.body.tickets as { ticket_id: string; order_id: string }[]
      if (!tickets.every((ticket) => mine.some((each) => each.ticket_id === ticket && each.order_id === order)))
        missing++
      if (mine.length > tickets.length) doubled++
    }
    const { body } = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
    return {
      orders: orders.length,
      expected: kills * shoppers,
      missing,
      doubled,
      retried,
      sold: body.tickets_sold as number,
      odd: odd.slice(0, 5),
    }
  } finally {
    await world.close()
  }
}

/**
 * traffic itself is killed while people join, shop and buy, and started again on the same data.
 * Everything that had been answered must be there as it was answered.
 */
export const trafficKills = async ({
  kills,
  people,
  tell = () => {},
}: {
  kills: number
  people: number
  tell?: Tell
}) => {
  const world = await openWorld({ env: crowdEnv })
  try {
    const sale = await world.sale({ total_seats: 5000, admit_per_minute: 6000, shopper_capacity: 200, hold_sec: 600 })
    const positions = new Map<Fan, number>()
    const admissions = new Map<Fan, string>()
    const holds = new Map<Fan, { token: string; hold: string; key: string }>()
    const orders = new Map<Fan, { order: string; tickets: string[] }>()
    const wrong: string[] = []
    for (let kill = 1; kill <= kills; kill++) {
      const fans = await world.fans(people)
      let crashed = false
      const living = fans.map(async (fan, index) => {
        await Bun.sleep(Math.random() * 1500)
        const joined = crashed ? undefined : await attempt(world.join(sale, fan))
        if (!joined || joined.status >= 300) return
        positions.set(fan, joined.body.position)
        while (!crashed) {
          const status = await attempt(world.status(sale, fan))
          if (status?.body.admitted) {
            const token = status.body.admission_token as string
            admissions.set(fan, token)
            const key = crypto.randomUUID()
            const hold = await attempt(world.hold(sale, token, { quantity: 1 }))
            if (hold?.status !== 200) return
            holds.set(fan, { token, hold: hold.body.hold_id, key })
            if (index % 2 === 0) return
            const order = await attempt(
              world.checkout(sale, token, { hold_id: hold.body.hold_id, idempotency_key: key }),
            )
            if (order?.status === 200) orders.set(fan, { order: order.body.order_id, tickets: order.body.ticket_ids })
            return
          }
          await Bun.sleep(100)
        }
      })
      await Bun.sleep(2000 + Math.random() * 500)
      crashed = true
      await Promise.all([world.crash(), ...living.map((each) => each.catch(() => {}))])
      tell(
        `kill ${kill}: ${positions.size} positions, ${admissions.size} admissions, ${holds.size} holds, ${orders.size} orders were answered`,
      )
    }
    await waitFor(async () => (await world.request("GET", "/health/ready")).status === 200)
    for (const [fan, position] of positions) {
      const status = await world.status(sale, fan)
      if (status.body.position !== position) wrong.push(`position ${position} of ${fan.userId}: ${status.text}`)
    }
    for (const [fan, { order, tickets }] of orders) {
      const found = await world.request("GET", `/v1/orders/${order}`, { headers: world.bearer(fan) })
      if (found.body.status !== "paid" || String(found.body.ticket_ids) !== String(tickets))
        wrong.push(`order ${order}: ${found.text}`)
    }
    let resumed = 0
    for (const [fan, { token, hold, key }] of holds) {
      if (orders.has(fan)) continue
      const status = await world.status(sale, fan)
      const now = (status.body.admission_token as string | undefined) ?? token
      const order = await world.checkout(sale, now, { hold_id: hold, idempotency_key: key })
      if (order.status === 200) resumed++
      else wrong.push(`hold ${hold}: ${order.text}`)
    }
    return {
      positions: positions.size,
      admissions: admissions.size,
      holds: holds.size,
      orders: orders.size,
      resumed,
      wrong: wrong.slice(0, 5),
      wrongCount: wrong.length,
    }
  } finally {
    await world.close()
  }
}

/** kill -9 without a restart: the stores must be gone by themselves. */
export const orphans = async () => {
  const world = await openWorld()
  const below = descendants(world.pid)
  process.kill(world.pid, "SIGKILL")
  const alive = () => below.filter((pid) => isAlive(pid))
  await waitFor(async () => alive().length === 0).catch(() => {})
  const left = alive()
  await world.close()
  return { started: below.length, left: left.length }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const waitFor = async (holds: () => Promise<boolean>) => {
  for (let left = 300; left > 0; left--) {
    if (await holds().catch(() => false)) return
    await Bun.sleep(100)
  }
  throw new Error("it did not come true within 30 s")
}

/**
 * Many people for few seats; every fifth shopper walks away from a hold. Ends when the sale is sold out.
 * `untold` got neither a ticket nor a reason; `latestReleaseMs` is how long after its end the slowest abandoned hold gave its seats back.
 */
export const sellOut = async ({ people, seats, tell = () => {} }: { people: number; seats: number; tell?: Tell }) => {
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
    const fans = await world.fans(people)
    const told = new Map<string, number>()
    const tickets: string[] = []
    let done = 0
    const finish = (reason: string) => {
      told.set(reason, (told.get(reason) ?? 0) + 1)
      if (++done % 1000 === 0) tell(`${done} people are through, ${tickets.length} tickets`)
    }
    const one = async (fan: Fan, index: number) => {
      await Bun.sleep((index / people) * 10_000)
      const joined = await world.join(sale, fan)
      if (joined.status >= 300) return finish(String(joined.body.code ?? joined.status))
      for (const deadline = performance.now() + 180_000; performance.now() < deadline;) {
        const status = await world.status(sale, fan)
        if (status.body.admitted) {
          const token = status.body.admission_token as string
          const hold = await world.hold(sale, token, { quantity: 1 + (index % 2) })
          if (hold.status === 200 && index % 5 === 0) return finish("walked away")
          if (hold.status === 200) {
            const order = await world.checkout(sale, token, { hold_id: hold.body.hold_id })
            if (order.status === 200) tickets.push(...(order.body.ticket_ids as string[]))
            return finish(order.status === 200 ? "bought" : String(order.body.code))
          }
          if (hold.body.code !== "unavailable") return finish(String(hold.body.code))
          // All seats are held at this moment; some come back.
          await Bun.sleep(500)
          if (index % 2 === 1) {
            const single = await world.hold(sale, token, { quantity: 1 })
            if (single.status === 200) {
              const order = await world.checkout(sale, token, { hold_id: single.body.hold_id })
              if (order.status === 200) tickets.push(...(order.body.ticket_ids as string[]))
              return finish(order.status === 200 ? "bought" : String(order.body.code))
            }
          }
        }
        if (status.body.phase === "sold_out") return finish("sold_out")
        await Bun.sleep(Math.min(3000, status.body.retry_after_ms ?? 1000))
      }
      finish("")
    }
    await Promise.all(fans.map(one))
    const { body } = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
    const releases = await releaseDelays(world, sale)
    return {
      people,
      tickets: tickets.length,
      distinct: new Set(tickets).size,
      sold: body.tickets_sold as number,
      held: body.seats_held as number,
      told: Object.fromEntries(told),
      untold: told.get("") ?? 0,
      ...releases,
    }
  } finally {
    await world.close()
  }
}

/** Read beside traffic, from the stores themselves. */
const releaseDelays = async (world: World, sale: string) => {
  const running = lookupRunning(`${world.folder}/data`)
  if (!running) throw new Error("the world has no stores")
  const sql = openPostgres(running.databaseUrl, { max: 1 })
  try {
    const [row] = await sql<{ latestReleaseMs: number | null; abandoned: number; overCap: number }[]>`
      select
        (extract(epoch from max(released_at - expires_at)) * 1000)::float8 as latest_release_ms,
        count(*)::int as abandoned,
        (select count(*)::int from (select account_id from tickets where sale_id = ${sale} group by account_id having count(*) > 2) over_cap) as over_cap
      from holds where sale_id = ${sale} and released_at >= expires_at`
    return { latestReleaseMs: Math.round(row!.latestReleaseMs ?? 0), abandoned: row!.abandoned, overCap: row!.overCap }
  } finally {
    await sql.end({ timeout: 1 })
  }
}
