import { boundsOf, breachOf, type Step } from "./capacity.ts"
import { bearable } from "../model/conditions.ts"
import { percent } from "../model/percent.ts"
import { fails, passes, type Check } from "../model/check.ts"
import type { Capacity } from "../model/run.ts"
import type { Second } from "../model/figures.ts"

export type Machine = { cores: number; /** The highest rate that the people of the run can ask for. */ most: number }

/** The answer of a search for capacity; undefined when no rate held, or none broke. */
export const capacityOf = (steps: Step[], points: Second[], machine: Machine): Capacity | undefined => {
  const { held, broke } = boundsOf(steps)
  if (held === undefined) return undefined
  const perSecond = Math.round(held.answeredPerSecond)
  if (broke === undefined)
    return held.rate >= machine.most * 0.99
      ? {
          perSecond,
          cause: "generator",
          why: `all people of the run together ask no more than ${count(machine.most)} times a second: repeat it with more`,
        }
      : undefined
  const { cause, why } = causeOf(broke, points, machine.cores)
  return { perSecond, cause, why: `at ${count(broke.rate)} a second ${breachOf(broke)}: ${why}` }
}

/** A search passes when it found a rate that holds and one that does not, and says what gave way. */
export const capacityFound = (steps: Step[], capacity: Capacity | undefined): Check => {
  const expected = "a rate that holds, a higher one that does not, and what gave way"
  const tried = steps.map((each) => `${count(each.rate)} ${breachOf(each) === undefined ? "held" : "broke"}`).join(", ")
  if (capacity !== undefined)
    return passes(
      "Capacity found",
      expected,
      `${count(capacity.perSecond)} requests per second, then the ${capacity.cause}; tried ${tried}`,
    )
  const { held } = boundsOf(steps)
  if (held !== undefined)
    return { ...passes("Capacity found", expected, `${tried}: the time was over before a rate broke`), judged: false }
  return fails("Capacity found", expected, tried === "" ? "no step" : tried, "no rate held at all")
}

/** What ran out while a step broke: the generator, the machine as a whole, one store, or the one thread of the server. */
export const causeOf = (broke: Step, points: Second[], cores: number): Pick<Capacity, "cause" | "why"> => {
  const during = points.filter(({ at }) => at >= broke.from && at <= broke.until + 1000)
  const cpu = cpuOf(during.length > 0 ? during : points.slice(-3))
  const mean = (read: (point: Second) => number | undefined) => meanOf(during.flatMap((each) => read(each) ?? []))
  const cause = (name: string, why: string) => ({ cause: name, why })
  if (cpu !== undefined && cpu.k6 > bearable.k6Cpu)
    return cause("generator", `k6 used ${percent(cpu.k6)} of the machine`)
  if (cpu !== undefined) {
    const used = cpu.server + cpu.redis + cpu.postgres + cpu.k6
    if (cpu.redis * cores > limits.oneCore)
      return cause("Redis", `it used ${percent(cpu.redis * cores)} of its one core`)
    if (used > limits.machine) {
      const [name, share] = largestOf(cpu)
      return cause(name, `${cores} cores were used up, ${percent(share)} of them by ${wordsOf[name]}`)
    }
    if (cpu.server * cores > limits.oneCore)
      return cause(
        "event loop",
        `the server's thread used ${percent(cpu.server * cores)} of one core while others were free`,
      )
  }
  if (broke.lateP95Ms > limits.lateMs)
    return cause("generator", `one request in twenty left k6 ${Math.round(broke.lateP95Ms)} ms late or more`)
  const lag = mean((each) => each.loopLagMs)
  if (lag !== undefined && lag > limits.loopLagMs) return cause("event loop", `it was ${Math.round(lag)} ms late`)
  const fsync = mean((each) => each.fsyncMs)
  if (fsync !== undefined && fsync > limits.fsyncMs)
    return cause("Redis", `its disk took ${Math.round(fsync)} ms for a write`)
  if (cpu === undefined) return cause("server", "this system does not tell who used the CPU")
  const [name, share] = largestOf(cpu)
  return cause(name, `${wordsOf[name]} used most of the CPU, ${percent(share)} of the machine`)
}

/** Shares of the machine, or of one core, from which on something counts as full. */
const limits = { machine: 0.85, oneCore: 0.85, lateMs: 100, loopLagMs: 100, fsyncMs: 50 } as const

type Cause = "server CPU" | "Redis" | "Postgres" | "generator"
const wordsOf: Record<Cause, string> = {
  "server CPU": "the server",
  Redis: "Redis",
  Postgres: "Postgres",
  generator: "k6",
}

type Cpu = Record<"server" | "redis" | "postgres" | "k6", number>
const largestOf = ({ server, redis, postgres, k6 }: Cpu): [Cause, number] => {
  const shares: [Cause, number][] = [
    ["server CPU", server],
    ["Redis", redis],
    ["Postgres", postgres],
    ["generator", k6],
  ]
  return shares.toSorted((a, b) => b[1] - a[1])[0]!
}

const cpuOf = (points: Second[]): Cpu | undefined => {
  const mean = (name: "cpuServer" | "cpuRedis" | "cpuPostgres" | "cpuK6") =>
    meanOf(points.flatMap((each) => each[name] ?? []))
  const [server, redis, postgres, k6] = [mean("cpuServer"), mean("cpuRedis"), mean("cpuPostgres"), mean("cpuK6")]
  return server === undefined || redis === undefined || postgres === undefined || k6 === undefined
    ? undefined
    : { server, redis, postgres, k6 }
}

const meanOf = (values: number[]) =>
  values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length
const count = (value: number) => Math.round(value).toLocaleString("en-US")
