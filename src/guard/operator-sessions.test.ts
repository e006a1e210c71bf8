import { beforeAll, expect, test } from "bun:test"
import type { Pool } from "../stores/postgres.ts"
import { applicationDatabase } from "../testing/application.ts"
import { epochMs, later, minutes } from "../units.ts"
import { openOperatorSessions } from "./operator-sessions.ts"

const keys = [{ kid: "k1", secret: "a secret of at least thirty-two characters" }]
let now = epochMs(Date.parse("2027-05-01T10:00:00Z"))
let sql: Pool
beforeAll(async () => {
  sql = (await applicationDatabase()).sql
})
const open = (given: Partial<Parameters<typeof openOperatorSessions>[0]> = {}) =>
  openOperatorSessions({ sql, keys, clock: () => now, adminKey: "an admin key", ...given })
const count = async () =>
  (await sql<{ count: number }[]>`select count(*)::int as count from operator_sessions limit 1`)[0]!.count

test("a session says whose it is, on every node, until it ends by itself", async () => {
  const cookie = await open().begin("Olga Ö. <b>")
  expect(await open().lookup(cookie)).toBe("Olga Ö. <b>")
  now = later(now, minutes(8 * 60 - 1))
  expect(await open().lookup(cookie)).toBe("Olga Ö. <b>")
  now = later(now, minutes(1))
  expect(await open().lookup(cookie)).toBeUndefined()
})

test("signing out ends a session for whoever copied its cookie, and no other session", async () => {
  const [cookie, other] = [await open().begin("Olga"), await open().begin("Olga")]
  await open().end(cookie)
  expect(await open().lookup(cookie)).toBeUndefined()
  expect(await open().lookup(other)).toBe("Olga")
})

test("a session is of one admin key and of our signature", async () => {
  const cookie = await open().begin("Olga")
  expect(await open({ adminKey: "another admin key" }).lookup(cookie)).toBeUndefined()
  const rotated = [{ kid: "k2", secret: "another secret of thirty-two characters" }, ...keys]
  expect(await open({ keys: rotated }).lookup(cookie)).toBe("Olga")
  expect(await open({ keys: rotated.slice(0, 1) }).lookup(cookie)).toBeUndefined()
  const parts = cookie.split(".")
  const other = (await open().begin("Eve")).split(".")
  for (const forged of [
    undefined,
    "",
    "a.b.c.d.e",
    parts.with(3, other[3]!).join("."),
    parts.with(1, other[1]!).join("."),
    parts.with(2, String(Number(parts[2]) + 1)).join("."),
    parts.with(0, "none").join("."),
    parts.with(4, "").join("."),
    `${cookie}A`,
  ]) {
    expect(await open().lookup(forged)).toBeUndefined()
    await open().end(forged)
  }
  expect(await open().lookup(cookie)).toBe("Olga")
})

test("sessions past their end are forgotten by those who sign in", async () => {
  for (let session = 0; session < 5; session++) await open().begin("Olga")
  expect(await count()).toBeGreaterThan(4)
  now = later(now, minutes(8 * 60))
  await open().begin("Olga")
  expect(await count()).toBe(1)
})
