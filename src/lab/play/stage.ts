import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { millis, type Millis } from "../../units.ts"
import { openCapacitySearch } from "../capacity/search.ts"
import { lookupScenario } from "../scenarios/catalog.ts"
import { settleDisk } from "./disk.ts"
import type { Drive, Fan } from "./driver.ts"
import { armTogether, type K6Order } from "../k6/k6.ts"
import { allowOpenFiles } from "../probe/open-files.ts"
import { openFilesFor } from "../scenarios/estimate.ts"
import { openRestart } from "./restart.ts"
import { runLength } from "../model/settings.ts"
import type { Run } from "../model/run.ts"
import { openSecondSale } from "./second-sale.ts"

export type Stage = Awaited<ReturnType<typeof openStage>>

/** What stands around the people of a run: files with their accounts, a second sale, a second k6, a restart in the middle. */
export const openStage = async (run: Run, parts: Drive) => {
  const { script, stages = {} } = lookupScenario(run.scenario)!
  const { settings, saleId } = run
  const { clock, sale } = parts
  const length = runLength(settings)
  /** Each of two sales has half of the run's time. */
  const ofSale = (whole: Millis) => (stages.secondSale ? millis(whole / 2) : whole)
  const secondSale = stages.secondSale
    ? await openSecondSale(saleId, { lengthOfFirst: ofSale(length), sale, clock })
    : undefined
  const restart =
    stages.restartAt === undefined
      ? undefined
      : openRestart({
          after: millis(Math.round(settings.rampUp + settings.steady * stages.restartAt)),
          restart: parts.restart,
          clock,
        })
  const search = stages.capacity
    ? openCapacitySearch({ clock, people: settings.vusMax, length, ownStores: sale.stores?.areOurs ?? false })
    : undefined
  const networkPeople = stages.network?.peopleOf(settings.vusMax) ?? 0

  const orderOf = async (people: Fan[], seed: number, more: Pick<K6Order, "name" | "addresses"> = {}) => {
    const file = fansFile(parts.folder, more.name)
    await writeFile(file, JSON.stringify(people), { mode: 0o600 })
    return {
      ...more,
      k6: parts.k6,
      runId: run.runId,
      folder: parts.folder,
      script,
      settings: {
        base_url: parts.baseUrl,
        sale_id: saleId,
        other_sale_id: parts.otherSaleId ?? "",
        fans_file: file,
        people: people.length,
        ramp_ms: ofSale(settings.rampUp),
        steady_ms: ofSale(settings.steady),
        down_ms: ofSale(settings.rampDown),
        seed,
        room_too_small: settings.waitingRoomCap < settings.vusMax,
        ...(more.name === undefined ? {} : { role: more.name }),
        ...secondSale?.settings,
        ...restart?.settings,
        ...search?.settings,
      },
    }
  }

  let starved: string | undefined

  /** Loads everybody; they start when it is released. */
  const arm = async () => {
    await mkdir(parts.folder, { recursive: true, mode: 0o700 })
    starved = shortOfFiles(settings.vusMax)
    const fans = await sale.fans(settings.vusMax)
    const ofPublic = await orderOf(fans.slice(networkPeople), settings.seed)
    const { addresses } = stages.network ?? {}
    const ofNetwork =
      networkPeople === 0
        ? []
        : [await orderOf(fans.slice(0, networkPeople), settings.seed + 1, { name: "network", addresses })]
    const k6 = await armTogether(ofPublic, ...ofNetwork)
    if (!("release" in k6)) return k6
    await settleDisk(parts.folder)
    const release = async () => {
      search?.begin([k6.pid, ...(k6.morePids ?? [])])
      await Promise.all([k6.release(), secondSale?.begin()])
      restart?.begin()
    }
    return { ...k6, release }
  }

  return {
    arm,
    /** What the generator lacks for so many people, known once they are loaded. */
    starved: () => starved,
    /** People of the second k6. */
    networkPeople,
    secondSale,
    restart,
    search,
    /** The sale that people are at now. */
    saleNow: () => (secondSale?.isOpen() ? secondSale.saleId : saleId),
    close: async () => {
      restart?.close()
      search?.close()
      for (const name of [undefined, "network"]) await rm(fansFile(parts.folder, name), { force: true })
    },
  }
}

const fansFile = (folder: string, name?: string) => join(folder, name === undefined ? "fans.json" : `fans-${name}.json`)

const shortOfFiles = (people: number): string | undefined => {
  const needed = openFilesFor(people)
  const allowed = allowOpenFiles(needed)
  if (allowed === undefined || allowed >= needed) return undefined
  return `k6 and the server may open ${allowed} files each, and ${people} people need ${needed} (ulimit -Hn)`
}
