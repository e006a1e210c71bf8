import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { auditStores } from "../../lab/audit/audit.ts"
import type { ServerTruth } from "../../lab/model/truth.ts"
import { trustedId, type SaleId } from "../../ids.ts"
import { seconds } from "../../units.ts"
import { brokenInvariants } from "../invariants.ts"
import { until } from "../until.ts"
import { openClient } from "./client.ts"
import { columns, compare, type Findings } from "./comparison.ts"
import { openDice } from "./dice.ts"
import type { Ground } from "./ground.ts"
import { now, openHistory, type History } from "./history.ts"
import { openLoad } from "./load.ts"
import { back, everything, type Kind, type Scene, type UnderLoad } from "./scene.ts"
import { sometimes, type Rare } from "./sometimes.ts"

export type Cell = { kind: Kind; index: number; faults: number; seed: string }
export type Report = {
  cell: Cell
  findings: Findings
  strikes: { at: number; what: string }[]
  rare: Map<Rare, number>
  tookMs: number
  /** Where the history of a red cell lies. */
  history?: string
}

/** Hurts what people do as the kind says; then what they were told is held against the stores. Of a red cell `keepIn` gets the history. */
export const runCell = async (ground: Ground, cell: Cell, keepIn?: string): Promise<Report> => {
  const began = performance.now()
  const { kind } = cell
  const seen = "alone" in kind ? await aloneIn(kind.alone, cell) : await underLoad(ground, cell, kind, keepIn)
  return { cell, tookMs: performance.now() - began, ...seen }
}

const aloneIn = async (play: (seed: number) => Promise<Findings>, { seed, index }: Cell): Promise<Seen> => ({
  findings: await play(Bun.hash.crc32(`${seed}/${index}`)),
  strikes: [],
  rare: new Map(),
})

const underLoad = async (ground: Ground, cell: Cell, kind: UnderLoad, keepIn?: string): Promise<Seen> => {
  const { seed, index } = cell
  const history = openHistory()
  const strikes: Report["strikes"] = []
  const sale = await ground.world.sale({ ...usualSale, ...kind.sale?.(index) })
  const client = openClient({ url: ground.url, history, patience: kind.patience ?? seconds(4) })
  const dice = (of: string) => openDice(`${seed}/${cell.kind.name}/${index}/${of}`)
  const perSecond = kind.perSecond ?? 120
  const load = openLoad({ client, sale, fans: ground.people, dice: dice("people"), perSecond })
  const strike = (what: string) => {
    const at = now()
    strikes.push({ at, what })
    return at
  }
  const scene: Scene = { ground, sale, load, client, dice: dice("faults"), index, strike }
  const broken = await stay(scene, kind, cell.faults)
  const { findings, rare, truth } = await judge(scene, kind, history, strikes)
  findings.other.push(...broken, ...load.givenUp)
  return {
    findings,
    strikes,
    rare,
    history: keepIn !== undefined && isRed(findings) ? keep(keepIn, history, truth, cell) : undefined,
  }
}

export const isRed = (findings: Findings) => columns.some((each) => findings[each].length > 0)

/** From the first arrival until everything works again. Resolves with what went wrong on the way. */
const stay = async (scene: Scene, kind: UnderLoad, faults: number): Promise<string[]> => {
  const { load } = scene
  try {
    const began = now()
    load.start()
    await back(scene, began, ...everything)
    await kind.hurt(scene, faults)
    await back(scene, now(), ...everything)
    await until("enough joins are acknowledged", () => load.acknowledged() >= (kind.joinsMin ?? 0), 600)
    return []
  } catch (error) {
    return [String(error)]
  } finally {
    await load.end()
  }
}

/** What comes right by itself may take some seconds: a call that was lost with Redis is made again when its owner asks. */
const judge = async ({ ground, sale, load }: Scene, kind: UnderLoad, history: History, strikes: Report["strikes"]) => {
  for (const began = now(); ;) {
    await load.askAgain()
    const { truth, sums } = await stateOf(ground, sale)
    const findings = compare(history.entries, truth, sums)
    findings.other.push(...auditOf(truth))
    if (isRed(findings) && now() < began + (kind.comesRight ?? seconds(20))) {
      await Bun.sleep(1000)
      continue
    }
    const seen = { entries: history.entries, strikes: strikes.map((each) => each.at), truth }
    return { findings, rare: new Map(kind.sometimes.map((name) => [name, sometimes[name](seen)])), truth }
  }
}

const stateOf = async ({ stores }: Ground, sale: string) => {
  const truth = await stores.truth(sale)
  const broken = await stores.sql((sql) => brokenInvariants(sql, trustedId<SaleId>(sale)))
  return {
    truth,
    sums: broken.map(({ invariant, rule, count, example }) => `${invariant} ${rule}: ${count}, such as ${example}`),
  }
}

const auditOf = (truth: ServerTruth) =>
  auditStores(truth)
    .filter((each) => !each.passed)
    .map((each) => `${each.name}: ${each.counterExample ?? each.seen}`)

type Seen = Pick<Report, "findings" | "strikes" | "rare" | "history">

const keep = (folder: string, history: History, truth: ServerTruth, { kind, index, seed }: Cell) => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${kind.name}-${index}-${seed}.jsonl`)
  history.write(path)
  writeFileSync(path.replace(".jsonl", ".stores.json"), JSON.stringify(truth))
  return path
}

const usualSale = {
  total_seats: 3000,
  shopper_capacity: 80,
  admit_per_minute: 6000,
  max_tickets_per_user: 2,
  admission_sec: 600,
  hold_sec: 300,
  call_window_sec: 60,
}
