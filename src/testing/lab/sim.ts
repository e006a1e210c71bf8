import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { migrations } from "../../../sql/migrations.ts"
import { openClock } from "../../clock.ts"
import { answer } from "../../commands/program.ts"
import type { SimOptions } from "../../commands/sim/options.ts"
import type { SimParts } from "../../commands/sim/parts.ts"
import { sim } from "../../commands/sim/sim.ts"
import { resolveHost } from "../../commands/sim/target/address.ts"
import { environment, k6SearchOf } from "../../config.ts"
import { newId, type SaleId } from "../../ids.ts"
import { openLab } from "../../lab/lab.ts"
import { silentLog } from "../../log.ts"
import { findK6 } from "../../programs.ts"
import { lookupK6 } from "./k6.ts"
import { migrate } from "../../stores/migrate.ts"
import { millis, type Millis } from "../../units.ts"
import { stores } from "../stores.ts"
import { openTinySale, type Defect } from "./tiny-sale.ts"

const clock = openClock()

/** `traffic sim` against private servers that sell one tiny sale after another. `opened` names the scenarios that servers were started for. */
export const runSim = async (
  scenario: string | undefined,
  options: SimOptions,
  changes: Partial<SimParts> & Wrongs = {},
) => {
  const out: string[] = []
  const said: string[] = []
  const opened: string[] = []
  const parts: SimParts = {
    environment: {},
    findK6: () => findK6(k6SearchOf(environment())),
    privateServer: async (settings) => {
      opened.push(settings.scenario)
      return tinyServer(changes)
    },
    out: (line) => void out.push(line),
    targeting: { isOwn: false, demoKey: "key", resolve: resolveHost },
    progress: { isTerminal: false, write: (text) => void said.push(text) },
    clock,
    onInterrupt: () => () => {},
    ...changes,
  }
  const code: number = await answer(
    () => sim(scenario, options, parts),
    (line) => said.push(line),
  )
  return { code, out: out.join("\n"), said: said.join(""), opened }
}

type Wrongs = { defect?: Defect; /** What every join takes longer. */ joinsLaterBy?: Millis }

const tinyServer = async ({ defect, joinsLaterBy = millis(0) }: Wrongs) => {
  const runsDir = mkdtempSync(join(tmpdir(), "traffic-sim-"))
  const { sql } = await (await stores()).freshDatabase()
  await migrate(sql, migrations)
  const openTiny = () => openTinySale({ now: clock, defect })
  let tiny = openTiny()
  const door = openDoor(() => tiny.url, joinsLaterBy)
  const lab = openLab({
    sql,
    clock,
    log: silentLog,
    runsDir,
    findK6: lookupK6,
    baseUrl: () => (joinsLaterBy === 0 ? tiny.url : door.url),
    sale: {
      // Each run finds an empty sale, as on a real server.
      prepare: async () => {
        await tiny.close()
        tiny = openTiny()
        return newId<SaleId>(clock())
      },
      fans: async (count) =>
        Array.from({ length: count }, (_, index) => ({ user_id: `fan${index}`, token: `fan${index}` })),
      drain: async () => {},
      truth: async () => tiny.truth(),
    },
    limits: { foldersKept: 0 },
  })
  const close = async () => {
    await lab.close()
    await door.close()
    await tiny.close()
    await sql.end()
    rmSync(runsDir, { recursive: true, force: true })
  }
  return { lab, url: tiny.url, close }
}

/** The same server, only that joins are held up at its door. */
const openDoor = (behind: () => string, joinsLaterBy: Millis) => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      if (pathname.endsWith("/join")) await Bun.sleep(joinsLaterBy)
      const { method, headers } = request
      const body = method === "GET" ? null : await request.arrayBuffer()
      return fetch(`${behind()}${pathname}${search}`, { method, headers, body })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) }
}
