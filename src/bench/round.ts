import { readFile } from "node:fs/promises"
import { parseMachineTicks, parseProcess } from "../lab/machine.ts"
import { drive, type Load, type LoadReport } from "./wrk.ts"

export type Side = { pid: number; storePids: number[] }
/** CPU in microseconds per request, of the server and of its stores. */
export type Measured = LoadReport & { stolen: number; serverUs: number; storesUs: number }

const tickUs = 10_000 // USER_HZ is 100 on every Linux that Bun runs on

export const measure = async (wrk: string, load: Load, side: Side): Promise<Measured> => {
  const before = await read(side)
  const report = await drive(wrk, load)
  const after = await read(side)
  const perRequest = (ticks: number) => (ticks * tickUs) / Math.max(1, report.requests)
  return {
    ...report,
    stolen: (after.stolen - before.stolen) / Math.max(1, after.total - before.total),
    serverUs: perRequest(after.server - before.server),
    storesUs: perRequest(after.stores - before.stores),
  }
}

const read = async ({ pid, storePids }: Side) => {
  const { total, stolen } = parseMachineTicks(await readFile("/proc/stat", "utf8"))
  const stores = await Promise.all(storePids.map(ticksOf))
  return { total, stolen, server: await ticksOf(pid), stores: stores.reduce((sum, each) => sum + each, 0) }
}

/** 0 for a process that is gone. */
const ticksOf = (pid: number) =>
  readFile(`/proc/${pid}/stat`, "utf8").then(
    (text) => parseProcess(text).ticks,
    () => 0,
  )

export type Pair = { ours: Measured; bare: Measured; ratio: number }

/**
 * Ours and the bare server in turn, A B A B, until `rounds` pairs were quiet. A pair in which neighbours took more than
 * `stolenMax` of the machine says nothing and is measured again, at most three times as often as asked.
 */
export const alternate = async (parts: {
  rounds: number
  stolenMax: number
  ours: () => Promise<Measured>
  bare: () => Promise<Measured>
  told: (pair: Pair, kept: boolean) => void
}): Promise<Pair[]> => {
  const pairs: Pair[] = []
  for (let tries = 0; pairs.length < parts.rounds && tries < parts.rounds * 3; tries++) {
    const ours = await parts.ours()
    const bare = await parts.bare()
    const pair = { ours, bare, ratio: ours.perSecond / bare.perSecond }
    const kept = Math.max(ours.stolen, bare.stolen) <= parts.stolenMax
    if (kept) pairs.push(pair)
    parts.told(pair, kept)
  }
  return pairs
}

/** Of an odd or even number of values; NaN for none. */
export const median = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
