import { beforeAll, expect, test } from "bun:test"
import { migrations } from "../../sql/migrations.ts"
import { applicationDatabase } from "../testing/application.ts"
import { migrate } from "./migrate.ts"
import type { Pool } from "./postgres.ts"

let owner: Pool
let application: Pool
beforeAll(async () => void ({ owner, sql: application } = await applicationDatabase()), 60_000)

type Write = { right: "insert" | "update"; table: string; column: string; path: string }

test("the application's role may write every column that the code writes", async () => {
  const written = (await Promise.all(sources().map(writesIn))).flat()
  // A reader that finds next to nothing would find nothing wrong.
  expect(written.length).toBeGreaterThan(120)
  for (const each of ["update holds.expires_at", "insert orders.holder_name", "update runs.starred"])
    expect(written.map(({ right, table, column }) => `${right} ${table}.${column}`)).toContain(each)
  const missing = await owner<Write[]>`
    select "right", "table", "column", path
    from jsonb_to_recordset(${JSON.stringify(written)}::text::jsonb) as written ("right" text, "table" text, "column" text, path text)
    where not has_column_privilege('traffic_app', "table", "column", "right")`
  expect(
    missing.map((each) => `grant ${each.right} (${each.column}) on ${each.table}: ${each.path} writes it`),
  ).toEqual([])
})

test("the application's role starts a node on a database that is up to date, and changes no table of it", async () => {
  expect(await migrate(application, migrations)).toEqual([])
  const due = { name: "9999_add_column", text: "alter table holds add column colour text" }
  await expect(migrate(application, [...migrations, due])).rejects.toThrow("must be owner of table holds")
})

/** Migrations are run by the owner of the tables. */
const sources = () =>
  [...new Bun.Glob("src/**/*.ts").scanSync(".")].filter(
    (path) => !/\.test\.ts$|^src\/testing\/|^src\/stores\/migrate/.test(path),
  )

/** The columns that statements name; rows that are given as objects are written by the stores' own tests, as the same role. */
const writesIn = async (path: string): Promise<Write[]> => {
  const text = await Bun.file(path).text()
  const inserts = [...text.matchAll(/insert into (\w+)(?: as \w+)? \(([\w\s,]+)\)/g)].flatMap(([, table, columns]) =>
    columns!.split(",").map((column) => ({ right: "insert" as const, table: table!, column: column.trim(), path })),
  )
  const updates = [
    ...text.matchAll(/update (\w+)(?: \w+)? set\s([^`]+?)(?=\n\s*(?:where|from|returning)\b|\swhere\s|`)/g),
  ]
  const upserts = [...text.matchAll(/insert into (\w+)[^`]+do update set\s([^`]+?)(?=\n\s*returning\b|`)/g)]
  return [
    ...inserts,
    ...[...updates, ...upserts].flatMap(([, table, set]) =>
      [...set!.matchAll(/(?:^|,)\s*(\w+) = /g)].map(([, column]) => ({
        right: "update" as const,
        table: table!,
        column: column!,
        path,
      })),
    ),
  ]
}
