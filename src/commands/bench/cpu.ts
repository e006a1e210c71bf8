import { readdir, readFile } from "node:fs/promises"
import { parseMachineTicks, parseProcess, type Process } from "../../lab/probe/machine.ts"

/** Ticks since each began: the machine's, and of those the server's, its stores' and those of programs outside the measurement. */
export type Ticks = { total: number; stolen: number; server: number; stores: number; others: number }

/** In microseconds: USER_HZ is 100 on every Linux that Bun runs on. */
export const tickUs = 10_000

/** The stores are what the server started. What this process started and has ended counts as part of the measurement. */
export const readTicks = async (server: number): Promise<Ticks> => {
  const text = await readFile("/proc/stat", "utf8")
  const machine = parseMachineTicks(text)
  const processes = await readProcesses()
  const stores = sumOf(descendantsOf(server, processes))
  const serverTicks = sumOf(processes.filter((each) => each.pid === server))
  const bench = sumOf([
    ...processes.filter((each) => each.pid === process.pid),
    ...descendantsOf(process.pid, processes),
  ])
  const measured = bench + (await endedChildrenTicks())
  return {
    total: machine.total,
    stolen: machine.stolen,
    server: serverTicks,
    stores,
    others: machine.worked - interruptsOf(text) - measured,
  }
}

/** Packets between the driver and a server are moved in interrupts, which belong to no process: 6th and 7th column. */
const interruptsOf = (text: string) => {
  const columns = text.slice(0, text.indexOf("\n")).trim().split(/\s+/)
  return Number(columns[6]) + Number(columns[7])
}

const readProcesses = async () => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)))
  return texts.filter((text) => text !== undefined).map(parseProcess)
}

const descendantsOf = (pid: number, processes: Process[]): Process[] =>
  processes.filter((each) => each.parent === pid).flatMap((each) => [each, ...descendantsOf(each.pid, processes)])

const sumOf = (processes: Process[]) => processes.reduce((sum, each) => sum + each.ticks, 0)

/** cutime and cstime, 14th and 15th after the name: of wrk, mostly. */
const endedChildrenTicks = async () => {
  const text = await readFile("/proc/self/stat", "utf8")
  const columns = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return Number(columns[13]) + Number(columns[14])
}
