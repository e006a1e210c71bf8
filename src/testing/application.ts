import { migrations } from "../../sql/migrations.ts"
import { migrate } from "../stores/migrate.ts"
import { openPostgres, type Pool } from "../stores/postgres.ts"
import { stores } from "./stores.ts"

/**
 * A fresh database with all its tables, and a sign-in that may do what traffic_app may: the code under test works with `sql` or `url`,
 * so that a right which no migration grants fails here and not in production. `owner` arranges and attacks.
 */
export const applicationDatabase = async (): Promise<{ owner: Pool; ownerUrl: string; sql: Pool; url: string }> => {
  const { freshDatabase } = await stores()
  const { sql: owner, url: ownerUrl } = await freshDatabase()
  await migrate(owner, migrations)
  const name = `member_${crypto.randomUUID().replaceAll("-", "")}`
  await owner`create role ${owner(name)} login in role traffic_app`
  const url = new URL(ownerUrl)
  url.username = name
  return { owner, ownerUrl, sql: openPostgres(url.toString(), { max: 20 }), url: url.toString() }
}
