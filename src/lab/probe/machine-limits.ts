import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { allowOpenFiles } from "./open-files.ts"

/** What the machine that makes the load has. What the system does not say is absent, and no warning comes of it. */
export type MachineLimits = {
  cores: number
  memoryFreeMb?: number
  openFiles?: number
  /** Ports that a connection can come from, for each address of the crowd. */
  portsEach?: number
  /** Addresses that people can have of their own; 1 where all share that of the machine. */
  addresses: number
}

export const readMachineLimits = (): MachineLimits => ({
  cores: availableParallelism(),
  memoryFreeMb: parseMemory(read("/proc/meminfo")),
  openFiles: openFilesMost(),
  portsEach: parsePorts(read("/proc/sys/net/ipv4/ip_local_port_range")),
  // Everybody has an own address below 127.1, where the system lets a program choose one.
  addresses: process.platform === "linux" ? addressesOfCrowd : 1,
})

const addressesOfCrowd = 65_534

/** Root raises the limit for a run by itself, up to that of the system. */
const openFilesMost = (): number | undefined => {
  const allowed = allowOpenFiles(0)
  const most = Number(read("/proc/sys/fs/nr_open"))
  return allowed !== undefined && process.getuid?.() === 0 ? Math.max(allowed, most) : allowed
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

export const parseMemory = (meminfo: string): number | undefined => {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1]
  return kilobytes === undefined ? undefined : Math.floor(Number(kilobytes) / 1024)
}

export const parsePorts = (range: string): number | undefined => {
  const [, from, to] = /^(\d+)\s+(\d+)/.exec(range) ?? []
  return from === undefined || to === undefined ? undefined : Number(to) - Number(from) + 1
}
