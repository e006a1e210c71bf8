import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import { openAdmissions } from "./admissions.ts"
import { openEvents } from "./events.ts"
import { openFlags } from "./flags.ts"
import { openHolds } from "./holds.ts"
import { openLedger } from "./ledger.ts"
import { openOperatorLog } from "./operator-log.ts"
import { openOrders } from "./orders.ts"
import { simulatedProvider, type Provider } from "./payments.ts"
import { makeSigningKey, openCodes, type SigningKey } from "./qr.ts"
import { openSales } from "./sales.ts"
import { openSeatMap } from "./seat-map.ts"
import { openSeats } from "./seats.ts"
import { openSweeper } from "./sweeper.ts"
import { openTickets } from "./tickets.ts"
import { setTimesBack, type WhichTimes } from "./times-back.ts"

export type BoxOffice = ReturnType<typeof openBoxOffice>

export type BoxOfficeParts = {
  sql: Pool
  clock: Clock
  log: Log
  /** Without one a key of this process signs, and its codes are worth nothing after it. */
  signing?: SigningKey
  provider?: Provider
  isTrusted?: () => boolean
}

/** Everything about money and seats. Postgres decides; nothing here holds state but the sweeper's timer. */
export const openBoxOffice = ({
  sql,
  clock,
  log,
  signing,
  provider = simulatedProvider,
  isTrusted,
}: BoxOfficeParts) => {
  if (!signing) log.warn({}, "no key was given to sign tickets; their codes are good for this process only")
  const codes = openCodes(signing ?? makeSigningKey())
  return {
    events: openEvents({ sql, clock }),
    sales: openSales({ sql, clock }),
    seats: openSeats({ sql, clock }),
    seatMap: openSeatMap({ sql, clock }),
    ledger: openLedger({ sql }),
    operatorLog: openOperatorLog({ sql, clock }),
    flags: openFlags({ sql, clock, log }),
    holds: openHolds({ sql, clock }),
    orders: openOrders({ sql, clock, provider }),
    tickets: openTickets({ sql, codes }),
    admissions: openAdmissions({ sql, clock }),
    sweeper: openSweeper({ sql, clock, isTrusted, log }),
    setTimesBack: (which: WhichTimes) => setTimesBack(sql, clock(), which),
    publicKeys: codes.publicKeys,
  }
}
