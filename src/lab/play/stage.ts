import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Fan, Settings } from "../../../scenarios/lib/settings.ts"
import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import { millis, type Millis } from "../../units.ts"
import { openCapacitySearch } from "../capacity/search.ts"
import { armTogether, type K6Order } from "../k6/k6.ts"
import { scriptSettings } from "../k6/script-settings.ts"
import type { Run } from "../model/run.ts"
import { runLength } from "../model/settings.ts"
import { allowOpenFiles } from "../probe/open-files.ts"
import type { ProbedStores } from "../probe/probe.ts"
import { lookupScenario, type Scenario } from "../scenarios/catalog.ts"
import { openFilesFor } from "../scenarios/estimate.ts"
import { settleDisk } from "./disk.ts"
import { openRestart } from "./restart.ts"
import { openSecondSale, type SaleMaking } from "./second-sale.ts"

export type StageParts = {
  k6: string
  folder: string
  baseUrl: string
  otherSaleId?: SaleId
  clock: Clock
  sale: {
    fans(count: number): Promise<Fan[]>
    /** Without stores the series has figures of the machine only. */
    stores?: ProbedStores
  } & SaleMaking
  /** Absent when the server is not the lab's own. */
  restart?: () => Promise<void>
}

export type Stage = Awaited<ReturnType<typeof openStage>>

export const openStage = async (run: Run, parts: StageParts) => {
  const { stages = {} } = lookupScenario(run.scenario)!
  const { settings, saleId } = run
  const { clock, sale } = parts
  const length = runLength(settings)
  const around: Around = {
    secondSale: stages.secondSale
      ? await openSecondSale(saleId, { lengthOfFirst: halfOf(length), sale, clock })
      : undefined,
    restart:
      stages.restartAt === undefined
        ? undefined
        : openRestart({
            after: millis(Math.round(settings.rampUp + settings.steady * stages.restartAt)),
            restart: parts.restart,
            clock,
          }),
    search: stages.capacity
      ? openCapacitySearch({ clock, people: settings.vusMax, length, ownStores: sale.stores?.areOurs ?? false })
      : undefined,
  }
  const { secondSale, restart, search } = around
  let starved: string | undefined
  return {
    ...around,
    arm: () => {
      starved = shortOfFiles(settings.vusMax)
      return arm(run, around, parts)
    },
    starved: () => starved,
    networkPeople: networkPeopleOf(run),
    saleNow: () => (secondSale?.isOpen() ? secondSale.saleId : saleId),
    close: async () => {
      restart?.close()
      search?.close()
      for (const name of [undefined, network]) await rm(fansFile(parts.folder, name), { force: true })
    },
  }
}

type Around = {
  secondSale?: Awaited<ReturnType<typeof openSecondSale>>
  restart?: ReturnType<typeof openRestart>
  search?: ReturnType<typeof openCapacitySearch>
}

const arm = async (run: Run, { secondSale, restart, search }: Around, parts: StageParts) => {
  const { vusMax, seed } = run.settings
  const { stages = {}, script } = lookupScenario(run.scenario)!
  await mkdir(parts.folder, { recursive: true, mode: 0o700 })
  const fans = await parts.sale.fans(vusMax)
  const networkPeople = networkPeopleOf(run)
  const more = { ...timesOf(run, stages), ...secondSale?.settings, ...restart?.settings, ...search?.settings }
  const orders = [await orderFor(run, fans.slice(networkPeople), { ...more, seed }, { script }, parts)]
  if (networkPeople > 0) {
    const { addresses } = stages.network!
    const settings = { ...more, seed: seed + 1, role: network }
    orders.push(
      await orderFor(run, fans.slice(0, networkPeople), settings, { script, name: network, addresses }, parts),
    )
  }
  const [first, ...others] = orders as [K6Order, ...K6Order[]]
  const k6 = await armTogether(first, ...others)
  if (!("release" in k6)) return k6
  await settleDisk(parts.folder)
  const release = async () => {
    search?.begin([k6.pid, ...(k6.morePids ?? [])])
    await Promise.all([k6.release(), secondSale?.begin()])
    restart?.begin()
  }
  return { ...k6, release }
}

const network = "network"

const networkPeopleOf = ({ scenario, settings }: Run) =>
  lookupScenario(scenario)!.stages?.network?.peopleOf(settings.vusMax) ?? 0

const halfOf = (length: Millis) => millis(length / 2)
const timesOf = ({ settings }: Run, { secondSale }: NonNullable<Scenario["stages"]>): Partial<Settings> =>
  secondSale
    ? {
        ramp_ms: halfOf(settings.rampUp),
        steady_ms: halfOf(settings.steady),
        down_ms: halfOf(settings.rampDown),
      }
    : {}

const orderFor = async (
  { runId, saleId, settings }: Run,
  people: Fan[],
  more: Partial<Settings>,
  order: Pick<K6Order, "script" | "name" | "addresses">,
  { k6, folder, baseUrl, otherSaleId }: StageParts,
): Promise<K6Order> => {
  const file = fansFile(folder, order.name)
  await writeFile(file, JSON.stringify(people), { mode: 0o600 })
  return {
    ...order,
    k6,
    runId,
    folder,
    settings: scriptSettings(
      { settings, baseUrl, saleId, otherSaleId, fansFile: file },
      { people: people.length, ...more },
    ),
  }
}

const fansFile = (folder: string, name?: string) => join(folder, name === undefined ? "fans.json" : `fans-${name}.json`)

const shortOfFiles = (people: number): string | undefined => {
  const needed = openFilesFor(people)
  const allowed = allowOpenFiles(needed)
  if (allowed === undefined || allowed >= needed) return undefined
  return `k6 and the server may open ${allowed} files each, and ${people} people need ${needed} (ulimit -Hn)`
}
