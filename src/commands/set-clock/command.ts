import { existsSync } from "node:fs"
import { environment, parseConfig } from "../../config.ts"
import { Refusal, type ExitCode } from "../../exit.ts"
import { isId, trustedId, type SaleId } from "../../ids.ts"
import { withDataDir, withJson, type Declare } from "../declare.ts"

export const setClockCommand: Declare = (program, action) => {
  const command = program
    .command("set-clock")
    .description("set the clock of a waiting room right, also while it is served; nobody loses a place or time to shop")
    .argument("[sale_id]", "the sale")
    .option("--all", "every waiting room")
  withJson(withDataDir(command)).action(action(setClock))
}

type Flags = { all?: boolean; json?: boolean; dataDir?: string }

const setClock = async (sale: string | undefined, flags: Flags): Promise<ExitCode> => {
  const which = parseWhich(sale, flags)
  const config = parseConfig(environment(), { dataDir: flags.dataDir })
  if (!config.external && !existsSync(config.dataDir))
    throw new Refusal("usage", `--data-dir: there are no stores in ${config.dataDir}`)
  const { openClocks } = await import("./clocks.ts")
  const { setClocks } = await import("./set-clock.ts")
  const clocks = await openClocks(config)
  try {
    return await setClocks(which, clocks, { json: flags.json, out: (line) => console.log(line) })
  } finally {
    await clocks.close()
  }
}

const parseWhich = (sale: string | undefined, { all }: Flags): SaleId | "all" => {
  if ((sale === undefined) === !all)
    throw new Refusal("usage", "set-clock takes the id of a sale, or --all for every waiting room")
  if (sale === undefined) return "all"
  if (!isId(sale))
    throw new Refusal("usage", `set-clock got "${sale}"; write the id of a sale, a ULID of 26 characters, or --all`)
  return trustedId<SaleId>(sale)
}
