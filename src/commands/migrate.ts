import { environment, parseConfig } from "../config.ts"
import { exitCodes, type ExitCode } from "../exit.ts"
import { withDataDir, withJson, type Declare } from "./declare.ts"

export const migrateCommand: Declare = (program, action) => {
  const command = program.command("migrate").description("bring the database to this build")
  withJson(withDataDir(command)).action(action(migrate))
}

const migrate = async (flags: { dataDir?: string; json?: boolean }): Promise<ExitCode> => {
  const config = parseConfig(environment(), flags)
  const [{ migrations }, { openStores }, { openClock }, { openLog }] = await Promise.all([
    import("../../sql/migrations.ts"),
    import("./stores.ts"),
    import("../clock.ts"),
    import("../log.ts"),
  ])
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
