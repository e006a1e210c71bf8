import { migrations } from "../../sql/migrations.ts"
import { environment, parseConfig } from "../config.ts"
import { exitCodes, type ExitCode } from "../exit.ts"
import { openClock } from "../clock.ts"
import { openLog } from "../log.ts"
import { openStores } from "./stores.ts"

/** `traffic migrate`: opening the stores brings the database to this build; this says what it is now. */
export const migrateCommand = async (flags: { dataDir?: string; json?: boolean }): Promise<ExitCode> => {
  const config = parseConfig(environment(), flags)
  const stores = await openStores({ config, clock: openClock(), log: openLog("warn") })
  try {
    const newest = migrations.at(-1)?.name
    console.log(
      flags.json
        ? JSON.stringify({ migration: newest, count: migrations.length })
        : `The database is at ${newest}, ${migrations.length} migrations in all.`,
    )
    return exitCodes.pass
  } finally {
    await stores.close()
  }
}
