import { lookupScenario, type Habit } from "./catalog.ts"
import type { MachineLimits } from "../probe/machine-limits.ts"
import { runLength, type RunSettings } from "../model/settings.ts"

export type WarningCode = "rate" | "memory" | "files" | "ports" | "turns"

export type Estimate = {
  lengthMs: number
  wholeMs: number
  requests?: number
  requestsPerSecond?: number
  memoryMb: number
  openFiles: number
  warnings: { code: WarningCode; text: string }[]
  notes: string[]
}

/** What a run costs and whether this machine can carry it, as known beforehand. Pure: the same settings, the same answer. */
export const estimateRun = (settings: RunSettings, machine: MachineLimits): Estimate => {
  const lengthMs = runLength(settings)
  const load = loadOf(settings)
  const memoryMb = Math.round(memoryOfK6 + memoryOfPerson * settings.vusMax)
  const openFiles = openFilesFor(settings.vusMax)
  const estimate = { lengthMs, memoryMb, openFiles, ...load }
  return {
    ...estimate,
    wholeMs: Math.round(
      lengthMs + prepareMs + settings.vusMax * prepareEachMs + auditMs + (load.requests ?? 0) * auditEachMs,
    ),
    warnings: [...machineWarnings(settings, estimate, machine), ...turnWarnings(settings)],
    notes: notesOf(settings),
  }
}

/** Measured, in MB: k6 with nobody, and each person more. */
const memoryOfK6 = 40
const memoryOfPerson = 0.2

/** Measured on two busy cores: an account and a VU for each before, and the history read line by line after. */
const prepareMs = 4000
const prepareEachMs = 4
const auditMs = 3000
const auditEachMs = 0.05

/** Where server, stores and k6 share the cores, as here; a core that is k6's alone makes five times as many. */
const requestsPerCore = 1500
/** Of the free memory; the rest is for the server and the stores. */
const memoryShare = 0.8

const usualHabit: Habit = { once: 1, waiting: 1, after: 1 }
const requestsOfVisit = 4
/** How long somebody shops, where only so many may at once. */
const visitSec = 2.5

const loadOf = (settings: RunSettings): Pick<Estimate, "requests" | "requestsPerSecond"> => {
  const scenario = lookupScenario(settings.scenario)
  if (scenario?.stages?.capacity) return {}
  const { once, waiting, after, present = 1 } = scenario?.habit ?? usualHabit
  const people = settings.vusMax
  const [ramp, steady, down] = [settings.rampUp, settings.steady, settings.rampDown].map((each) => each / 1000) as [
    number,
    number,
    number,
  ]
  const stays = (ramp / 2 + steady + down / 2) * present
  const shoppers = scenario?.shoppersOf?.(people)
  const turnsPerSecond = Math.min(settings.admitPerMinute / 60, shoppers === undefined ? Infinity : shoppers / visitSec)
  const waits = Math.min(stays, Math.max(0, people / turnsPerSecond - ramp) / 2)
  const visits = Math.min(people, turnsPerSecond * (ramp + steady))
  const requests = people * (once + waits * waiting + (stays - waits) * after) + visits * requestsOfVisit
  const lasting = people * Math.max(after, waits > 0 ? waiting : 0) * present
  const passing = (people * once + visits * requestsOfVisit) / (ramp + steady)
  return { requests: Math.round(requests), requestsPerSecond: Math.round(lasting + passing) }
}

type Needs = Pick<Estimate, "requestsPerSecond" | "memoryMb" | "openFiles">

const machineWarnings = (
  { vusMax }: RunSettings,
  { requestsPerSecond = 0, memoryMb, openFiles }: Needs,
  machine: MachineLimits,
): Estimate["warnings"] => {
  const warnings: Estimate["warnings"] = []
  const bears = machine.cores * requestsPerCore
  if (requestsPerSecond > bears)
    warnings.push({
      code: "rate",
      text: `About ${text(Number(requestsPerSecond.toPrecision(2)))} requests a second are more than this machine can make beside the server: ${cores(machine.cores)} carry some ${text(bears)}. The run will probably be inconclusive; take fewer people.`,
    })
  const memory = machine.memoryFreeMb === undefined ? Infinity : machine.memoryFreeMb * memoryShare
  if (memoryMb > memory)
    warnings.push({
      code: "memory",
      text: `k6 needs about ${text(memoryMb)} MB for ${text(vusMax)} people, and ${text(machine.memoryFreeMb!)} MB are free. Take at most ${text(Math.max(1, (memory - memoryOfK6) / memoryOfPerson))} people.`,
    })
  if (openFiles > (machine.openFiles ?? Infinity))
    warnings.push({
      code: "files",
      text: `${text(vusMax)} people need ${text(openFiles)} open files, and ${text(machine.openFiles!)} are allowed. Raise the limit (ulimit -Hn) or take fewer people.`,
    })
  const connections = machine.portsEach === undefined ? Infinity : machine.portsEach * machine.addresses
  if (vusMax * connectionsEach > connections)
    warnings.push({
      code: "ports",
      text: `${text(vusMax)} people need ${text(vusMax * connectionsEach)} connections, and there are ports for ${text(connections)}. Widen net.ipv4.ip_local_port_range or take fewer people.`,
    })
  return warnings
}

export const openFilesFor = (people: number): number => Math.ceil(people * connectionsEach) + openBeside
/** Two tabs, or an old connection that is still closing. */
const connectionsEach = 1.5
const openBeside = 500

/** Whoever is never let in does not shop, so a short run says little about the shop. */
const turnWarnings = (settings: RunSettings): Estimate["warnings"] => {
  const short = lateTurns(settings)
  if (short === undefined || isWaitingMeant(settings)) return []
  return [
    {
      code: "turns",
      text: `${short} Let in ${text(paceFor(settings))} a minute or more, take fewer people, or make the steady phase longer.`,
    },
  ]
}

/** A sentence when the sale cannot let everybody in before people leave. */
const lateTurns = (settings: RunSettings): string | undefined => {
  const needed = (settings.vusMax * 60) / settings.admitPerMinute
  const there = (settings.rampUp + settings.steady) / 1000
  if (needed <= there) return undefined
  const left = settings.vusMax - Math.floor((there * settings.admitPerMinute) / 60)
  return `At ${text(settings.admitPerMinute)} admissions a minute it takes ${spanText(needed)} to let in ${text(settings.vusMax)} people, and they begin to leave after ${spanText(there)}: about ${text(left)} will never be let in.`
}

const paceFor = ({ vusMax, rampUp, steady }: RunSettings) => Math.ceil((vusMax * 60_000) / (rampUp + steady))

const isWaitingMeant = ({ scenario, admitPerMinute }: RunSettings) => {
  const own = lookupScenario(scenario)?.defaults.admitPerMinute
  return own !== undefined && admitPerMinute >= own
}

const notesOf = (settings: RunSettings): string[] => {
  const { vusMax, totalSeats, waitingRoomCap } = settings
  const late = isWaitingMeant(settings) ? lateTurns(settings) : undefined
  return [
    ...(late === undefined ? [] : [`${late} This scenario means them to wait.`]),
    ...(totalSeats < vusMax ? [`It may sell out: ${text(totalSeats)} seats for ${text(vusMax)} people.`] : []),
    ...(waitingRoomCap < vusMax
      ? [`The waiting room holds ${text(waitingRoomCap)}: whoever comes after that is told to come back.`]
      : []),
  ]
}

const text = (value: number) => Math.round(value).toLocaleString("en-US")
const cores = (count: number) => `${count} ${count === 1 ? "core" : "cores"}`

const spanText = (seconds: number) => {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
