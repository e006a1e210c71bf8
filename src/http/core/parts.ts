import type { openAccounts } from "../../accounts/accounts.ts"
import type { openBoxOffice } from "../../box-office/box-office.ts"
import type { Clock } from "../../clock.ts"
import type { Config } from "../../config.ts"
import type { openAddresses } from "../../guard/address.ts"
import type { openBuckets } from "../../guard/buckets.ts"
import type { OperatorSessions } from "../../guard/operator-sessions.ts"
import type { Tokens } from "../../guard/tokens.ts"
import type { openLab } from "../../lab/lab.ts"
import type { ServerTruth } from "../../lab/model/truth.ts"
import type { Log } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import type { WaitingRoom } from "../../waiting-room/waiting-room.ts"
import type { SaleId } from "../../ids.ts"
import type { Health } from "./readiness.ts"

export type Parts = {
  config: Config
  clock: Clock
  log: Log
  metrics: Metrics
  waitingRoom: WaitingRoom
  boxOffice: ReturnType<typeof openBoxOffice>
  accounts: ReturnType<typeof openAccounts>
  tokens: Tokens
  operatorSessions: OperatorSessions
  buckets: ReturnType<typeof openBuckets>
  addresses: ReturnType<typeof openAddresses>
  health: Health
  /** Everything the stores say of a sale, its journal drained before. */
  truth(saleId: SaleId): Promise<ServerTruth>
  demo: {
    prepare(settings: {
      admitPerMinute: number
      waitingRoomCap: number
      totalSeats: number
      shopperCapacity?: number
    }): Promise<SaleId>
    current(): Promise<SaleId>
    fans(count: number): Promise<{ user_id: string; token: string }[]>
  }
  lab?: ReturnType<typeof openLab>
}
