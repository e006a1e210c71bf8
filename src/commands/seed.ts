import { environment, parseConfig } from "../config.ts"
import { exitCodes, type ExitCode } from "../exit.ts"
import { withDataDir, withJson, type Declare } from "./declare.ts"
import { wholeFlag } from "./flag.ts"

export const seedCommand: Declare = (program, action) => {
  const command = program
    .command("seed")
    .description("make an event with an open sale in the configured stores")
    .option("--seats <n>", "seats to sell", "500")
    .option("--admit-rate <n>", "admissions a minute", "600")
    .option("--cap <n>", "people who may wait", "100000")
  withJson(withDataDir(command)).action(action(seed))
}

const seed = async (flags: {
  seats: string
  admitRate: string
  cap: string
  dataDir?: string
  json?: boolean
}): Promise<ExitCode> => {
  const totalSeats = wholeFlag("--seats", flags.seats, 200_000)
  const admitPerMinute = wholeFlag("--admit-rate", flags.admitRate, 1_000_000)
  const waitingRoomCap = wholeFlag("--cap", flags.cap, 10_000_000)
  const config = parseConfig(environment(), { dataDir: flags.dataDir, port: "0" })
  const [{ startNode }, { openLog }] = await Promise.all([import("./node.ts"), import("../log.ts")])
  const node = await startNode({ config, log: openLog("warn") })
  try {
    const saleId = await node.parts.demo.prepare({ totalSeats, admitPerMinute, waitingRoomCap })
    console.log(
      flags.json
        ? JSON.stringify({ sale_id: saleId, total_seats: totalSeats })
        : `Sale ${saleId} is open with ${totalSeats} seats.`,
    )
    return exitCodes.pass
  } finally {
    await node.close()
  }
}
