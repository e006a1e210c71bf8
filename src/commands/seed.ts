import { environment, parseConfig } from "../config.ts"
import { exitCodes, type ExitCode } from "../exit.ts"
import { openLog } from "../log.ts"
import { startNode } from "./node.ts"
import { wholeFlag } from "./flag.ts"

/** `traffic seed`: an event with an open sale, for a first look or a rehearsal. */
export const seed = async (flags: {
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
