import { readFile } from "node:fs/promises"

/** CPU time since the machine started, in ticks, and what of it neighbours took. */
export type MachineTicks = { total: number; stolen: number }

/** undefined where there is no /proc. */
export const lookupMachineTicks = async (): Promise<MachineTicks | undefined> => {
  const text = await readFile("/proc/stat", "utf8").catch(() => undefined)
  return text === undefined ? undefined : parseMachineTicks(text)
}

/** The columns are user nice system idle iowait irq softirq steal; guest time is within user already. */
export const parseMachineTicks = (text: string): MachineTicks => {
  const columns = text.slice(0, text.indexOf("\n")).trim().split(/\s+/).slice(1, 9).map(Number)
  return { total: columns.reduce((sum, each) => sum + each, 0), stolen: columns[7] ?? 0 }
}

/** Ticks of a process, its threads and its ended children; undefined when it is gone. */
export const lookupProcessTicks = async (pid: number): Promise<number | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)
  return text === undefined ? undefined : parseProcessTicks(text)
}

/** The name in parentheses may hold spaces; utime and stime are the 14th and 15th column. */
export const parseProcessTicks = (text: string): number => {
  const columns = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return Number(columns[11]) + Number(columns[12])
}

export type Reading = { machine: MachineTicks; process: number | undefined }

export const readMachine = async (pid: number): Promise<Reading | undefined> => {
  const [machine, process] = await Promise.all([lookupMachineTicks(), lookupProcessTicks(pid)])
  return machine === undefined ? undefined : { machine, process }
}

/** Shares of the whole machine between two readings, 0..1. */
export const sharesBetween = (from: Reading | undefined, to: Reading | undefined): { stolen?: number; process?: number } => {
  if (from === undefined || to === undefined) return {}
  const passed = to.machine.total - from.machine.total
  if (passed <= 0) return {}
  const stolen = (to.machine.stolen - from.machine.stolen) / passed
  if (from.process === undefined || to.process === undefined) return { stolen }
  return { stolen, process: (to.process - from.process) / passed }
}

