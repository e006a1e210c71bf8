import { expect, test } from "bun:test"
import { openAgreedClock } from "./agreed-clock.ts"
import { isFault } from "./fault.ts"
import type { Log, LogFields } from "./log.ts"
import { millis, type EpochMs } from "./units.ts"

const start = 1_800_000_000_000
const day = 86_400_000

/** A node between two stores. Each clock is off by so much; time passes for all alike. */
const world = async (off: { machine?: number; redis?: number; postgres?: number } = {}) => {
  const now = { passed: 0, machine: 0, redis: 0, postgres: 0, ...off }
  const away = new Set<string>()
  const lines: { level: string; fields: LogFields; message: string }[] = []
  const write = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message })
  const log: Log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") }
  const store = (name: "redis" | "postgres") => async () => {
    if (away.has(name)) throw new Error(`${name} is away`)
    return start + now.passed + now[name]
  }
  const leader: { at?: number } = {}
  const node = await openAgreedClock({
    stores: { redis: store("redis"), postgres: store("postgres") },
    leader: async () => (leader.at === undefined ? undefined : start + now.passed + leader.at),
    log,
    machine: () => start + now.passed + now.machine,
    monotonic: () => now.passed,
    within: millis(50),
    patience: millis(0),
  })
  const pass = async (ms: number) => {
    now.passed += ms
    await node.look()
    return node.decisive() - start
  }
  return { now, away, leader, lines, node, pass }
}
const truth = start as EpochMs

test("where all agree nothing is told, and the node may lead", async () => {
  const { node, lines } = await world()
  expect(node.clock()).toBe(truth)
  expect(node.isTrusted()).toBe(true)
  expect(node.state()).toEqual({ trusted: true, reason: null, offset_ms: { machine: 0, redis: 0, postgres: 0 } })
  expect(lines).toEqual([])
})

for (const [what, machine] of [
  ["an hour ahead", 3_600_000],
  ["a day behind", -day],
  ["61 seconds ahead", 61_000],
] as const)
  test(`a node that starts ${what} takes the stores' time, does not lead, and says so until its machine is right`, async () => {
    const { node, lines, now, pass } = await world({ machine })
    expect(node.clock()).toBe(truth)
    expect(node.isTrusted()).toBe(false)
    const by = `${Math.abs(machine) / 1000} s ${machine > 0 ? "ahead of" : "behind"} Redis and Postgres`
    expect(node.state()).toMatchObject({ trusted: false, reason: `the clock of this machine is ${by}` })
    await pass(1000)
    await pass(1000)
    expect(lines.map((each) => each.level)).toEqual(["error"])
    now.machine = 0
    expect(await pass(1000)).toBe(3000)
    expect(node.isTrusted()).toBe(true)
    expect(lines.map((each) => each.level)).toEqual(["error", "info"])
  })

for (const store of ["redis", "postgres"] as const)
  for (const off of [day, -3_600_000])
    test(`a ${store} that is off by ${off} ms at the start moves no node, and is named`, async () => {
      const { node, lines } = await world({ [store]: off })
      expect(node.clock()).toBe(truth)
      expect(node.isTrusted()).toBe(true)
      expect(lines.map((each) => each.level)).toEqual(["warn"])
      expect(node.state().reason).toMatch(new RegExp(`clock of ${store} is ${Math.abs(off) / 1000} s`, "i"))
    })

test("where no two agree the node does not start, and says who says what", async () => {
  await expect(world({ machine: day, redis: -3_600_000, postgres: 0 })).rejects.toThrow(
    "the clock of Redis is 90000 s behind this machine, the clock of Postgres is 86400 s behind this machine",
  )
})

test("a store that is away at the start has no say: the other has to agree with the machine", async () => {
  const away = () => Promise.reject(new Error("away"))
  const parts = { log: { debug() {}, info() {}, warn() {}, error() {} }, monotonic: () => 0, patience: millis(0) }
  const redis = async () => start
  const node = await openAgreedClock({ ...parts, stores: { redis, postgres: away }, machine: () => start + 5000 })
  expect(node.clock()).toBe(truth)
  await expect(
    openAgreedClock({ ...parts, stores: { redis, postgres: away }, machine: () => start + day }),
  ).rejects.toThrow("No two clocks agree")
  await expect(openAgreedClock({ ...parts, stores: { redis: away, postgres: away } })).rejects.toThrow("no store says")
})

for (const step of [day, -3_600_000])
  test(`steps of ${step} ms while the node runs move it nowhere: of the machine, of a store, of all of them`, async () => {
    const { node, now, pass } = await world()
    for (const who of ["machine", "redis", "postgres"] as const) {
      now[who] = step
      expect(await pass(1000)).toBe(now.passed)
      expect(node.isTrusted()).toBe(true)
    }
    expect(node.postgresTime()).toBe(node.clock())
    for (const who of ["postgres", "redis", "machine"] as const) {
      now[who] = 0
      expect(await pass(1000)).toBe(now.passed)
    }
    expect(node.state().reason).toBeNull()
  })

test("a node that both stores contradict tells no time until one agrees again, also when one of them is away", async () => {
  const { node, now, away, lines, pass } = await world()
  now.redis = now.postgres = day
  await expect(pass(1000)).rejects.toThrow("the clock of Redis is 86400 s ahead of this machine")
  expect(node.isTrusted()).toBe(false)
  away.add("postgres")
  const refused = await pass(1000).catch((error: unknown) => error)
  expect(isFault(refused, "clock_off")).toBe(true)
  now.redis = 0
  expect(await pass(1000)).toBe(3000)
  expect(node.isTrusted()).toBe(true)
  expect(lines.map((each) => each.level)).toEqual(["error", "warn"])
})

for (const by of [3_600_000, -day])
  test(`a node to which all clocks and the leader are ${by} ms elsewhere stood still, and goes on at their time`, async () => {
    const { node, now, leader, lines, pass } = await world()
    now.machine = now.redis = now.postgres = by
    expect(await pass(1000)).toBe(1000)
    leader.at = 0
    expect(await pass(1000)).toBe(2000)
    leader.at = by
    now.postgres = 0
    expect(await pass(1000)).toBe(3000)
    now.postgres = by
    expect(await pass(1000)).toBe(4000 + by)
    expect(node.clock() - start).toBe(4000 + by)
    expect(node.state()).toMatchObject({ trusted: true, reason: null })
    expect(lines.filter((each) => each.message.includes("stood still"))).toHaveLength(1)
  })

test("drift is followed slowly: two nodes whose machines differ come together at the stores' time", async () => {
  const { now, pass } = await world()
  now.redis = now.postgres = 2000
  let before = 0
  for (let look = 0; look < 30; look++) {
    const at = await pass(5000)
    expect(at - before).toBeWithin(5000, 5251)
    before = at
  }
  expect(before).toBe(now.passed + 2000)
})

test("a store that hangs keeps nobody waiting longer than its time", async () => {
  const { node } = await world()
  const began = performance.now()
  const hanging = await openAgreedClock({
    stores: { redis: async () => start, postgres: () => new Promise(() => {}) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    machine: () => start,
    monotonic: () => 0,
    within: millis(50),
    patience: millis(0),
  })
  expect(hanging.clock()).toBe(truth)
  expect(performance.now() - began).toBeLessThan(2000)
  expect(node.isTrusted()).toBe(true)
})
