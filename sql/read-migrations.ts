import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Migration } from "../src/stores/migrate.ts"

/** Runs while the code is bundled: the binary carries the texts and reads no folder. */
export const readMigrations = (): Migration[] => {
  const folder = join(import.meta.dir, "migrations")
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"))
  return files.toSorted().map((file) => ({
    name: file.slice(0, -".sql".length),
    text: readFileSync(join(folder, file), "utf8"),
  }))
}
