import { readFileSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"

/** CPU time since the machine started, in ticks: all of it, what was worked, what neighbours took. */
export type MachineTicks = { total: number; worked: number; stolen: number }
export type Reading = {
  machine: MachineTicks
  /** k6 */ generator?: number
  /** ticks of every program of the test by its pid, k6 too */ ours?: Map<number, number>
}

export const readMachineText = (): string | undefined => {
  try {
    return readFileSync("/proc/stat", "utf8")
  } catch {
    return undefined
  }
}

/** `generators`: process ids of k6. `ownStores`: this process started the stores, so that others on the machine are not of the test. */
export type Test = { generators: number[]; ownStores: boolean }

/** Looks at every process, so it is for the two ends of a phase. */
export const readProcesses = async ({ generators, ownStores }: Test): Promise<Reading | undefined> => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const texts = await Promise.all(pids.map((pid) => read(`/proc/${pid}/stat`)))
  const machine = readMachineText()
  if (machine === undefined) return undefined
  const processes = texts.filter((text) => text !== undefined).map(parseProcess)
  const drivers = processes.filter(({ pid }) => generators.includes(pid))
  return {
    machine: parseMachineTicks(machine),
    ...(drivers.length < generators.length ? {} : { generator: drivers.reduce((sum, { ticks }) => sum + ticks, 0) }),
    ours: ticksOfTest(processes, process.pid, ownStores),
  }
}

/** The columns are user nice system idle iowait irq softirq steal; guest time is within user already. */
export const parseMachineTicks = (text: string): MachineTicks => {
  const columns = text.slice(0, text.indexOf("\n")).trim().split(/\s+/).slice(1, 9).map(Number)
  const [, , , idle = 0, waiting = 0, , , stolen = 0] = columns
  const total = columns.reduce((sum, each) => sum + each, 0)
  return { total, worked: total - idle - waiting - stolen, stolen }
}

export const coresIn = (text: string): number => text.match(/^cpu\d+ /gm)?.length ?? 1

export type Process = { pid: number; parent: number; name: string; ticks: number }

/** The name in parentheses may hold spaces; after it come state, parent, ... and utime and stime as 12th and 13th. */
export const parseProcess = (text: string): Process => {
  const end = text.lastIndexOf(")")
  const columns = text.slice(end + 2).split(" ")
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(columns[1]),
    name: text.slice(text.indexOf("(") + 1, end),
    ticks: Number(columns[11]) + Number(columns[12]),
  }
}

/** Our process, what descends from it, and, unless the stores are its own, the stores and nodes that others started on this machine. */
export const ticksOfTest = (processes: Process[], self: number, ownStores: boolean): Map<number, number> => {
  const root = rootOf(processes, self)
  const isPart = ({ pid, name }: Process) => pid === root || (!ownStores && parts.has(name))
  const ours = new Set(processes.filter(isPart).map(({ pid }) => pid))
  for (let grown = true; grown;) {
    grown = false
    for (const { pid, parent } of processes) {
      if (!ours.has(parent) || ours.has(pid)) continue
      ours.add(pid)
      grown = true
    }
  }
  return new Map(processes.filter(({ pid }) => ours.has(pid)).map(({ pid, ticks }) => [pid, ticks]))
}

/** A worker was started by a traffic of its name, which has the stores. */
const rootOf = (processes: Process[], self: number): number => {
  const own = processes.find(({ pid }) => pid === self)
  const parent = processes.find(({ pid }) => pid === own?.parent)
  return parent !== undefined && parent.name === own?.name ? parent.pid : self
}

const parts = new Set(["traffic", "redis-server", "postgres", "k6"])

export type Shares = { stolen?: number; generator?: number; others?: number }

export const sharesBetween = (from: Reading | undefined, to: Reading | undefined): Shares => {
  if (from === undefined || to === undefined) return {}
  const passed = to.machine.total - from.machine.total
  if (passed <= 0) return {}
  const share = (ticks: number) => Math.max(0, ticks / passed)
  const worked = to.machine.worked - from.machine.worked
  return {
    stolen: share(to.machine.stolen - from.machine.stolen),
    ...(from.generator === undefined || to.generator === undefined
      ? {}
      : { generator: share(to.generator - from.generator) }),
    ...(from.ours === undefined || to.ours === undefined
      ? {}
      : { others: share(worked - workedBetween(from.ours, to.ours)) }),
  }
}

/** A process that has ended in between is left out: its last ticks are nowhere to be read. */
const workedBetween = (from: Map<number, number>, to: Map<number, number>) =>
  [...to].reduce((sum, [pid, ticks]) => sum + Math.max(0, ticks - (from.get(pid) ?? 0)), 0)

const read = (path: string) => readFile(path, "utf8").catch(() => undefined)
