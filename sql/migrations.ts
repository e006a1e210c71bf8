import type { Migration } from "../src/stores/migrate.ts"
import { readMigrations } from "./read-migrations.ts" with { type: "macro" }

/** Every file of the folder, in order; the binary carries them. Append only. */
export const migrations: Migration[] = readMigrations()
