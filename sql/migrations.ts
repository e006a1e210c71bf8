import type { Migration } from "../src/stores/migrate.ts"
import createAccounts from "./migrations/0001_create_accounts.sql" with { type: "text" }
import createBoxOffice from "./migrations/0002_create_box_office.sql" with { type: "text" }
import createQueueJournal from "./migrations/0003_create_queue_journal.sql" with { type: "text" }
import createRuns from "./migrations/0004_create_runs.sql" with { type: "text" }
import createOperatorLog from "./migrations/0006_create_operator_log.sql" with { type: "text" }
import createOperatorSessions from "./migrations/0007_create_operator_sessions.sql" with { type: "text" }
import grantTheRest from "./migrations/0008_grant_the_rest.sql" with { type: "text" }
import extendRuns from "./migrations/0005_extend_runs.sql" with { type: "text" }

/** In order; the binary carries them. Append only. */
export const migrations: Migration[] = [
  { name: "0001_create_accounts", text: createAccounts },
  { name: "0002_create_box_office", text: createBoxOffice },
  { name: "0003_create_queue_journal", text: createQueueJournal },
  { name: "0004_create_runs", text: createRuns },
  { name: "0005_extend_runs", text: extendRuns },
  { name: "0006_create_operator_log", text: createOperatorLog },
  { name: "0007_create_operator_sessions", text: createOperatorSessions },
  { name: "0008_grant_the_rest", text: grantTheRest },
]
