import { readFileSync } from "node:fs"
import { parseProcess } from "./machine.ts"

/** What one process used since it started: CPU in ticks, its own and that of children it has waited for; memory in pages. */
export type Use = {
  pid: number
  parent: number
  name: string
  ticks: number
  reapedTicks: number
  residentPages: number
  sharedPages: number
}

/** @param stat /proc/PID/stat; the times of children that were waited for are its 16th and 17th column @param statm /proc/PID/statm */
export const parseUse = (stat: string, statm: string): Use => {
  const columns = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [, resident = 0, shared = 0] = statm.split(" ").map(Number)
  return {
    ...parseProcess(stat),
    reapedTicks: Number(columns[13]) + Number(columns[14]),
    residentPages: resident,
    sharedPages: shared,
  }
}

/**
 * undefined when there is no such process, or no /proc. Read at once and not in turns of the event loop, which takes some forty
 * microseconds a process and keeps all figures of one moment together.
 */
export const readUse = (pid: number): Use | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  const statm = read(`/proc/${pid}/statm`)
  return stat === undefined || statm === undefined ? undefined : parseUse(stat, statm)
}

/** Empty where the kernel does not tell. */
export const readChildren = (pid: number): number[] =>
  (read(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter(Boolean).map(Number)

export type Family = {
  server: Use[]
  redis: Use[]
  postgres: Use[]
  k6: Use[]
}

/** Processes of the stores as they told their numbers themselves: one of each Redis, any backend of Postgres. */
export type Told = { generators: number[]; redis: number[]; postgres?: number | undefined }

/**
 * Finds all processes of the parts. A number is believed only when the process behind it has the right name, for a store may run
 * in another namespace or on another machine; such a part is empty.
 */
export const readFamily = ({ generators, redis, postgres }: Told): Family => {
  const self = readUse(process.pid)
  const parent = self && process.send !== undefined ? readUse(self.parent) : undefined
  // A worker shares its port with the traffic that started it.
  const root = parent?.name === self?.name && parent !== undefined ? parent : self
  const backend = postgres === undefined ? undefined : readUse(postgres)
  const postmaster = backend?.name === "postgres" ? readUse(backend.parent) : undefined
  const workers = root === undefined ? [] : childrenOf(root.pid).filter(({ name }) => name === root.name)
  return {
    server: root === undefined ? [] : [root, ...workers],
    redis: redis
      .flatMap((pid) => readUse(pid) ?? [])
      .filter(({ name }) => /redis|valkey|keydb/.test(name))
      .flatMap((each) => [each, ...childrenOf(each.pid)]),
    postgres: postmaster?.name === "postgres" ? whole(postmaster) : [],
    k6: generators.flatMap((pid) => readUse(pid) ?? []),
  }
}

const childrenOf = (pid: number) =>
  readChildren(pid)
    .slice(0, childrenMax)
    .flatMap((each) => readUse(each) ?? [])

/** More than can be looked at every second are not looked at: half of a store would be a false figure. */
const whole = (postmaster: Use) => {
  const children = readChildren(postmaster.pid)
  return children.length > childrenMax ? [] : [postmaster, ...children.flatMap((pid) => readUse(pid) ?? [])]
}

const childrenMax = 200

/**
 * Ticks of a part since it started. A store waits for its children, whose time then is within its own, so that the sum goes on
 * when one ends. The server also waits for what is none of it.
 */
export const ticksOf = (part: Use[], { withReaped }: { withReaped: boolean }): number =>
  part.reduce((sum, { ticks, reapedTicks }) => sum + ticks + (withReaped ? reapedTicks : 0), 0)

/** Private pages of every process and, once, the most that one of them shares. */
export const pagesOf = (part: Use[]): number =>
  part.reduce((sum, { residentPages, sharedPages }) => sum + residentPages - sharedPages, 0) +
  Math.max(0, ...part.map(({ sharedPages }) => sharedPages))

/** Bytes; the vector that the kernel hands to a program is pairs of words, and 6 is the key of the size. */
export const pageSizeOf = (auxv: Uint8Array): number | undefined => {
  const words = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength)
  for (let at = 0; at + 16 <= auxv.byteLength; at += 16)
    if (words.getBigUint64(at, true) === 6n) return Number(words.getBigUint64(at + 8, true))
  return undefined
}

export const readPageSize = (): number | undefined => {
  try {
    return pageSizeOf(readFileSync("/proc/self/auxv"))
  } catch {
    return undefined
  }
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
