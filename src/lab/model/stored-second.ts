import type { EpochMs } from "../../units.ts"
import type { Second } from "./figures.ts"

type Numbers = Record<string, number>
/** A second as it was written down before every figure had one name. */
type EarlierSecond = {
  at: EpochMs
  failedShare: number
  stolenShare?: number
  serverShare?: number
  k6Share?: number
  server?: { available: number; held: number; sold: number } & Numbers
  cpu?: Numbers
  memory?: Numbers
}

/** A second as a run keeps it, also one of a run that is older than today's names. */
export const storedSecond = (stored: Second | EarlierSecond): Second => {
  if (!("failedShare" in stored)) return stored
  const { failedShare, stolenShare, serverShare, k6Share, server, cpu, memory, ...rest } = stored
  const { available, held, sold, ...sale } = server ?? {}
  return {
    ...rest,
    ...sale,
    failedRate: failedShare,
    stolenRate: stolenShare,
    seatsAvailable: available,
    seatsHeld: held,
    seatsSold: sold,
    cpuServer: serverShare,
    cpuRedis: cpu?.["redis"],
    cpuPostgres: cpu?.["postgres"],
    cpuK6: k6Share,
    memoryServerMb: memory?.["serverMb"],
    memoryRedisMb: memory?.["redisMb"],
    memoryPostgresMb: memory?.["postgresMb"],
    memoryK6Mb: memory?.["k6Mb"],
    memoryRedisUsedMb: memory?.["redisUsedMb"],
  }
}
