import { createHash } from "node:crypto"
import type { Pool } from "./postgres.ts"

export type Migration = { name: string; text: string }

/**
 * Applies missing migrations in one transaction under an advisory lock; returns their names.
 * @throws Error when the database is newer than the build or an applied migration has changed.
 */
export const migrate = async (sql: Pool, migrations: Migration[]): Promise<string[]> =>
  sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${advisoryLock})`
    await tx`set local statement_timeout = '120s'`
    // "If not exists" would need the right to create tables, which the application's role has not.
    const [ledger] = await tx<{ there: boolean }[]>`select to_regclass('migrations') is not null as there`
    if (!ledger!.there)
      await tx`create table migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())`
    const applied = await tx<
      { name: string; sha256: string }[]
    >`select name, sha256 from migrations order by name limit 10000`
    const known = new Map(migrations.map((each) => [each.name, fingerprint(each.text)]))
    for (const row of applied) {
      const here = known.get(row.name)
      if (here === undefined)
        throw new Error(`The database has migration ${row.name}, which this build does not know: start a newer traffic`)
      if (here !== row.sha256)
        throw new Error(`Migration ${row.name} was applied with another text: migrations are append only`)
    }
    const done = new Set(applied.map((row) => row.name))
    const due = migrations.filter((each) => !done.has(each.name))
    for (const each of due) {
      await tx.unsafe(each.text)
      await tx`insert into migrations (name, sha256) values (${each.name}, ${fingerprint(each.text)})`
    }
    return due.map((each) => each.name)
  })

const fingerprint = (text: string) => createHash("sha256").update(text).digest("hex")

const advisoryLock = 73181
