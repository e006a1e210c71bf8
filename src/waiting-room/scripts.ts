import { script } from "../stores/script.ts"
import admitLua from "./admit.lua" with { type: "text" }
import changeLua from "./change.lua" with { type: "text" }
import claimLua from "./claim.lua" with { type: "text" }
import clearLua from "./clear.lua" with { type: "text" }
import findLua from "./find.lua" with { type: "text" }
import finishLua from "./finish.lua" with { type: "text" }
import joinLua from "./join.lua" with { type: "text" }
import leaseLua from "./lease.lua" with { type: "text" }
import openLua from "./open.lua" with { type: "text" }
import readmitLua from "./readmit.lua" with { type: "text" }
import restoreLua from "./restore.lua" with { type: "text" }
import resyncLua from "./resync.lua" with { type: "text" }
import sealLua from "./seal.lua" with { type: "text" }
import trimLua from "./trim.lua" with { type: "text" }
import viewLua from "./view.lua" with { type: "text" }
import type { AdmissionId } from "../ids.ts"
import { trustedId } from "../ids.ts"
import { epochMs, type EpochMs } from "../units.ts"
import type { Phase } from "./phase.ts"

type Recovering = { state: "recovering" }
const recovering: Recovering = { state: "recovering" }

const words = (raw: unknown): [string, ...(string | number)[]] => {
  if (Array.isArray(raw) && typeof raw[0] === "string") return raw as [string, ...(string | number)[]]
  throw new Error("A script of the waiting room answered no word")
}
const unknownWord = (word: string): never => {
  throw new Error(`A script of the waiting room answered ${word}`)
}
const oneOf =
  <const Word extends string>(...known: Word[]) =>
  (raw: unknown): { state: Word } => {
    const [word] = words(raw)
    return { state: known.find((each) => each === word) ?? unknownWord(word) }
  }

export const open = script(openLua, {
  keys: ["state"],
  args: ["generation", "now_ms"],
  rest: true,
  reply: oneOf("opened", "known", "recovering"),
})

export const change = script(changeLua, {
  keys: ["state", "journal"],
  args: ["generation"],
  rest: true,
  reply: oneOf("changed", "recovering"),
})

export type JoinAnswer =
  | { state: "joined"; position: number; joinedAt: EpochMs; first: boolean }
  | { state: "closed"; phase: Phase }
  | { state: "full" }
  | { state: "busy" }
  | { state: "settling" }

export const join = script(joinLua, {
  keys: ["state", "positions", "calls", "admissions", "late", "journal"],
  args: ["generation", "now_ms", "lead_ms", "floor", "lag_cap", "batch"],
  reply: (raw): { state: "joined"; answers: JoinAnswer[] } | Recovering => {
    const [word, first, ...answers] = words(raw)
    if (word === "recovering") return recovering
    if (word === "run")
      return { state: "joined", answers: runOf(Number(first), Number(answers[0]), epochMs(Number(answers[1]))) }
    return { state: "joined", answers: answers.map((each) => joinAnswer(String(each), first as Phase)) }
  },
})

const runOf = (from: number, count: number, joinedAt: EpochMs) => {
  const answers: JoinAnswer[] = []
  for (let position = from; position < from + count; position++)
    answers.push({ state: "joined", position, joinedAt, first: true })
  return answers
}

const joinAnswer = (answer: string, phase: Phase): JoinAnswer => {
  if (answer === "closed") return { state: "closed", phase }
  if (answer === "full" || answer === "busy" || answer === "settling") return { state: answer }
  const [word, position, joinedMs] = answer.split(":")
  return { state: "joined", position: Number(position), joinedAt: epochMs(Number(joinedMs)), first: word === "first" }
}

export const find = script(findLua, {
  keys: ["state", "positions"],
  args: ["generation", "floor"],
  rest: true,
  reply: (raw): { state: "found"; positions: (number | undefined)[] } | Recovering => {
    const [word, ...found] = words(raw)
    if (word === "recovering") return recovering
    return {
      state: "found",
      positions: found.map((each) => (each === "" ? undefined : Number.parseInt(String(each), 10))),
    }
  },
})

export const claim = script(claimLua, {
  keys: ["state", "positions", "calls", "shoppers", "admissions", "late", "journal"],
  args: ["generation", "now_ms", "lead_ms", "account", "admission_id"],
  reply: (raw) => {
    const [word, first, second, third, fourth] = words(raw)
    switch (word) {
      case "admitted":
        return {
          state: "admitted" as const,
          admissionId: trustedId<AdmissionId>(String(first)),
          position: Number(second),
          grantedAt: epochMs(Number(third)),
          endsAt: epochMs(Number(fourth)),
        }
      case "waiting":
      case "missed":
      case "used":
        return { state: word as "waiting" | "missed" | "used", position: Number(first) }
      case "not_in_queue":
        return { state: "not_in_queue" as const }
      case "recovering":
        return recovering
      default:
        return unknownWord(word)
    }
  },
})

export const finish = script(finishLua, {
  keys: ["state", "shoppers", "admissions", "journal"],
  args: ["generation", "account", "admission_id", "at_ms"],
  reply: oneOf("finished", "absent", "recovering"),
})

export const readmit = script(readmitLua, {
  keys: ["state", "positions", "calls", "shoppers", "admissions", "late", "journal"],
  args: ["generation", "account", "admission_id", "granted_ms", "ends_ms"],
  reply: oneOf("readmitted", "known", "over", "not_in_queue", "recovering"),
})

export type View = {
  shoppers: number
  calls: number
  restoredAhead: number
  late: number
  fields: Record<string, string>
}

export const view = script(viewLua, {
  keys: ["state", "calls", "shoppers", "late"],
  args: [],
  reply: (raw): ({ state: "viewed" } & View) | { state: "absent" } => {
    const [word, shoppers, calls, restoredAhead, late, ...flat] = words(raw)
    if (word === "absent") return { state: "absent" }
    const fields: Record<string, string> = {}
    for (let index = 0; index < flat.length; index += 2) fields[String(flat[index])] = String(flat[index + 1])
    const counts = {
      shoppers: Number(shoppers),
      calls: Number(calls),
      restoredAhead: Number(restoredAhead),
      late: Number(late),
    }
    return { state: "viewed", ...counts, fields }
  },
})

export const admit = script(admitLua, {
  keys: ["state", "calls", "shoppers", "admissions", "late", "journal"],
  args: ["generation", "epoch", "now_ms", "lead_ms", "limit", "total", "available", "held", "sold"],
  reply: (raw) => {
    const [word, first, second, third, fourth] = words(raw)
    if (word === "recovering") return recovering
    if (word === "fenced") return { state: "fenced" as const, epoch: Number(first) }
    const [called, nowServing, joined] = [Number(first), Number(second), Number(fourth)]
    return { state: "ticked" as const, called, nowServing, joined, clock: epochMs(Number(third)) }
  },
})

export const resync = script(resyncLua, {
  keys: ["state", "calls", "shoppers", "admissions", "journal"],
  args: ["generation", "epoch", "now_ms", "postgres_ms", "lead_ms", "agreement_ms", "sets_back"],
  reply: (raw) => {
    const [word, first, ahead] = words(raw)
    if (word === "recovering") return recovering
    if (word === "fenced") return { state: "fenced" as const, epoch: Number(first) }
    return { state: "resynced" as const, shiftMs: Number(first), aheadMs: Number(ahead) }
  },
})

export const lease = script(leaseLua, {
  keys: ["holder", "counter", "clock"],
  args: ["node_id", "lease_ms", "floor", "now_ms"],
  reply: (raw): { state: "acquired" | "held"; epoch: number } | { state: "other" | "released" } => {
    const [word, epoch] = words(raw)
    if (word === "acquired" || word === "held") return { state: word, epoch: Number(epoch) }
    return { state: word === "released" ? "released" : "other" }
  },
})

export const clear = script(clearLua, {
  keys: ["state", "positions", "calls", "shoppers", "admissions", "late", "journal"],
  args: ["seen", "rebuild", "of", "keeps_journal"],
  reply: (raw): { state: "cleared" | "superseded" } | { state: "resumed"; restoredTo: number } => {
    const [word, restoredTo] = words(raw)
    if (word === "resumed") return { state: word, restoredTo: Number(restoredTo) }
    return word === "cleared" || word === "superseded" ? { state: word } : unknownWord(word)
  },
})

export const restore = script(restoreLua, {
  keys: ["state", "positions", "shoppers", "admissions", "late"],
  args: ["rebuild", "restored_to", "batch"],
  reply: oneOf("restored", "superseded"),
})

export const seal = script(sealLua, {
  keys: ["state", "positions"],
  args: ["rebuild", "generation", "entries"],
  rest: true,
  reply: oneOf("sealed", "superseded", "incomplete"),
})

export const trim = script(trimLua, {
  keys: ["state", "journal"],
  args: ["generation", "next_id", "journaled"],
  reply: (raw): { state: "trimmed"; left: number } | Recovering => {
    const [word, left] = words(raw)
    return word === "recovering" ? recovering : { state: "trimmed", left: Number(left) }
  },
})
