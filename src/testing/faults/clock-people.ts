import { until } from "../until.ts"
import { type Answer, type Fan, inDays, type World } from "../world.ts"

/** `told` and what follows are milliseconds since 1970. */
type Shopper = { fan: Fan; token: string; told: number; hold?: { id: string; told: number } }

type People = {
  /** Open, three at a time; open, one at a time and not for long; not open for half an hour. */
  open: string
  brief: string
  due: string
  fans: Fan[]
  positions: Map<string, number>
  shopper?: Shopper
  brieflyIn?: Shopper
  /** When the last node that may lead was there. */
  ledUntil: number
  lost: number
  moved: number
  wrong: string[]
}
export type ClockPeople = Awaited<ReturnType<typeof openClockPeople>>

/** People who must not notice that clocks are wrong, and what they did notice. */
export const openClockPeople = async (world: World) => {
  const people = await newPeople(world)
  return {
    open: people.open,
    /** Somebody joins each sale, and everybody asks where they stand. */
    come: (node: World) => come(people, node),
    shop: (node: World) => shop(people, node),
    /** Neither ready nor leading, and it says why. */
    distrust: (node: World, offset: number) => distrust(people, node, offset),
    /** Holds and admissions end, and the next in line are let in. */
    goOn: (node: World) => goOn(people, node).catch((error: Error) => void people.wrong.push(error.message)),
    seen: () => ({ people: people.positions.size, lost: people.lost, moved: people.moved, wrong: people.wrong }),
  }
}

const newPeople = async (world: World): Promise<People> => {
  const settings = { total_seats: 100, admit_per_minute: 60_000, ends_at: inDays(halfHour), hold_sec: holdMs / 1000 }
  const long = { admission_sec: 600, call_window_sec: 600 }
  const notYet = { queue_opens_at: inDays(-0.01), opens_at: inDays(halfHour), ends_at: inDays(1) }
  return {
    open: await world.sale({ ...settings, ...long, shopper_capacity: atOnce }),
    brief: await world.sale({ ...settings, shopper_capacity: 1, admission_sec: briefMs / 1000 }),
    due: await world.sale({ ...settings, ...long, ...notYet, shopper_capacity: atOnce }),
    fans: await world.fans(20),
    positions: new Map(),
    ledUntil: 0,
    lost: 0,
    moved: 0,
    wrong: [],
  }
}

const come = async (people: People, node: World) => {
  const { open, brief, due, fans, positions } = people
  await phases(people, node)
  for (const sale of [open, open, brief, due]) {
    const fan = fans.find((each) => !positions.has(sale + each.userId))!
    await until("a newcomer gets a place", async () => {
      place(people, sale, fan, await node.join(sale, fan))
      return positions.has(sale + fan.userId)
    })
  }
  for (const [sale, fan] of placesOf(people)) place(people, sale, fan, await node.status(sale, fan))
  await admission(people, node)
  await phases(people, node)
}

const placesOf = ({ open, brief, due, fans, positions }: People) =>
  [open, brief, due].flatMap((sale) =>
    fans.filter((fan) => positions.has(sale + fan.userId)).map((fan) => [sale, fan] as const),
  )

const place = (people: People, sale: string, fan: Fan, { status, body, text }: Answer) => {
  const { positions, wrong } = people
  const known = positions.get(sale + fan.userId)
  if (status === 503) return
  if (status === 404) people.lost++
  else if (status > 201) wrong.push(`a join or a status answered ${status} ${text}`)
  else if (known === undefined) positions.set(sale + fan.userId, body.position)
  else if (known !== body.position) people.moved++
}

const phases = async ({ open, brief, due, wrong }: People, node: World) => {
  const phase = async (sale: string) =>
    (await node.request("GET", `/v1/sales/${sale}/waiting-room/board`)).body.phase as string | undefined
  let seen: (string | undefined)[] = []
  await until("the boards are known", async () => {
    seen = [await phase(open), await phase(brief), await phase(due)]
    return !seen.includes(undefined)
  })
  if (seen.join() !== "open,open,queueing") wrong.push(`the sales were ${seen}`)
}

const shop = async (people: People, node: World) => {
  const { open, brief, fans, wrong } = people
  people.brieflyIn = await letIn(node, brief, fans[0]!)
  const shopper = await letIn(node, open, fans[0]!)
  const hold = await node.hold(open, shopper.token, { quantity: 1 })
  if (hold.status !== 200) wrong.push(`a hold answered ${hold.status} ${hold.text}`)
  const told = Date.parse(hold.body.expires_at)
  if (Math.abs(told - Date.now() - holdMs) > graceMs)
    wrong.push(`a hold of ${holdMs} ms ends at ${hold.body.expires_at}`)
  people.shopper = { ...shopper, hold: { id: hold.body.hold_id, told } }
  people.ledUntil = Date.now()
}

const letIn = async (node: World, sale: string, fan: Fan): Promise<Shopper> => {
  const token = await node.admitted(sale, fan)
  const { body } = await node.status(sale, fan)
  return { fan, token, told: Date.parse(body.admission_expires_at) }
}

/** Nobody is thrown out, and nobody is given more than the time in which nobody led. */
const admission = async ({ open, shopper, ledUntil, wrong }: People, node: World) => {
  if (shopper === undefined) return
  const { body, status, text } = await node.status(open, shopper.fan)
  if (status === 503) return
  const late = Date.parse(body.admission_expires_at) - shopper.told
  if (!body.admitted) wrong.push(`a shopper was thrown out: ${text}`)
  else if (late < -1000 || late > Date.now() - ledUntil + graceMs) wrong.push(`an admission ends ${late} ms later`)
}

const distrust = async ({ wrong }: People, node: World, offset: number) => {
  const { status, text } = await node.request("GET", "/health/ready")
  const reason = `this machine is ${Math.abs(offset)} s ${offset > 0 ? "ahead of" : "behind"} Redis and Postgres`
  if (status !== 503 || !text.includes(reason)) wrong.push(`a node that is ${offset} s off answered ${status} ${text}`)
  const metrics = (await node.request("GET", "/metrics")).text
  if (/^traffic_scheduler_leader 1$/m.test(metrics)) wrong.push(`a node that is ${offset} s off led`)
}

const goOn = async (people: People, node: World) => {
  const { open, brief, due, fans, shopper, brieflyIn, ledUntil, wrong } = people
  await until("a right clock is ready", async () => (await node.request("GET", "/health/ready")).status === 200)
  const stoodStillMs = Date.now() - ledUntil
  const inTime = (what: string, told: number) => {
    const late = Date.now() - told
    if (late < -1000) wrong.push(`${what} ended ${-late} ms too early`)
    if (late > stoodStillMs + graceMs)
      wrong.push(`${what} ended ${late} ms later than told, ${stoodStillMs} ms stood still`)
  }
  await until(
    "the next comes in when an admission ends",
    async () => (await node.status(brief, fans[1]!)).body.admitted,
    900,
  )
  inTime("an admission", brieflyIn!.told)
  const held = async () => (await node.admin("GET", `/v1/admin/sales/${open}/stats`)).body.seats_held as number
  await until("a hold ends", async () => (await held()) === 0, 900)
  if (Date.now() < shopper!.hold!.told - 1000) wrong.push("a hold ended too early")
  const late = await node.checkout(open, shopper!.token, { hold_id: shopper!.hold!.id })
  if (late.status !== 410) wrong.push(`paying a hold that has ended answered ${late.status} ${late.text}`)
  for (const fan of fans.slice(0, atOnce)) await node.admitted(open, fan)
  for (const [sale, fan] of placesOf(people))
    if (sale === due && (await node.status(sale, fan)).body.admitted)
      wrong.push("somebody was let in before the sale opened")
  await admission(people, node)
  await phases(people, node)
}

const halfHour = 1 / 48
const holdMs = 5000
const briefMs = 10_000
const atOnce = 3
/** A busy machine's. */
const graceMs = 15_000
