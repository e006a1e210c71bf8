import { ConfigError, environment, parseConfig } from "../config.ts"
import { openLog } from "../log.ts"
import { startNode } from "./node.ts"

/** `traffic seed`: an event with an open sale, for a first look or a rehearsal. */
export const seed = async (flags: {
  seats: string
  admitRate: string
  cap: string
  dataDir?: string
  json?: boolean
}): Promise<number> => {
  const totalSeats = whole("--seats", flags.seats, 200_000)
  const admitPerMinute = whole("--admit-rate", flags.admitRate, 1_000_000)
  const waitingRoomCap = whole("--cap", flags.cap, 10_000_000)
  const config = parseConfig(environment(), { dataDir: flags.dataDir, port: "0" })
  const node = await startNode({ config, log: openLog("warn") })
  try {
    const saleId = await node.parts.demo.prepare({ totalSeats, admitPerMinute, waitingRoomCap })
    console.log(
      flags.json
        ? JSON.stringify({ sale_id: saleId, total_seats: totalSeats })
        : `Sale ${saleId} is open with ${totalSeats} seats.`,
    )
    return 0
  } finally {
    await node.close()
  }
}

const whole = (flag: string, text: string, max: number) => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new ConfigError([`${flag} is "${text}"; it takes a whole number from 1 to ${max}`])
  return value
}
