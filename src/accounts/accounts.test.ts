import { beforeAll, expect, test } from "bun:test"
import { isFault, type FaultCode } from "../fault.ts"
import { isId } from "../ids.ts"
import { silentLog } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import { applicationDatabase } from "../testing/application.ts"
import { epochMs, type EpochMs } from "../units.ts"
import { mostFans, openAccounts } from "./accounts.ts"
import { argon2id, openPasswords, type Hasher } from "./passwords.ts"

const start = epochMs(Date.parse("2027-05-01T10:00:00Z"))
let sql: Pool
beforeAll(async () => {
  sql = (await applicationDatabase()).sql
})

/** Costs nothing and counts. */
const quickHasher = () => {
  const seen = { hashed: 0, verified: 0, running: 0, mostAtOnce: 0 }
  const work = async <T>(answer: T) => {
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++seen.running)
    await Bun.sleep(0)
    seen.running--
    return answer
  }
  const hasher: Hasher = {
    hash: (password) => (seen.hashed++, work(`quick ${password}`)),
    verify: (password, hash) => (seen.verified++, work(hash === `quick ${password}`)),
  }
  return { hasher, seen }
}

const freshAccounts = () => {
  const { hasher, seen } = quickHasher()
  return { ...openAccounts({ sql, clock: () => start, log: silentLog, passwords: openPasswords({ hasher }) }), seen }
}

let people = 0
const somebody = () => `person-${people++}@example.com`
const password = "four words make one"
const codeOf = (work: Promise<unknown>): Promise<FaultCode | "no fault" | "a bug"> =>
  work.then(
    () => "no fault" as const,
    (error: unknown) => (isFault(error) ? error.code : ("a bug" as const)),
  )
const countOf = async (email: string) =>
  (await sql<{ count: number }[]>`select count(*)::int as count from accounts where email = ${email} limit 1`)[0]!.count

test("whoever registers can sign in, with argon2id in the database and no password", async () => {
  const accounts = openAccounts({ sql, clock: () => start, log: silentLog })
  const email = somebody()
  const id = await accounts.register(` ${email.toUpperCase()} `, password)
  expect(isId(id)).toBe(true)
  expect(await accounts.login(email, password)).toBe(id)
  expect(await codeOf(accounts.login(email, "five words make another one"))).toBe("wrong_credentials")
  expect(await codeOf(accounts.login(somebody(), password))).toBe("wrong_credentials")
  const [row] = await sql<
    { passwordHash: string; createdAt: EpochMs }[]
  >`select password_hash, created_at from accounts where id = ${id} limit 1`
  expect(row!.passwordHash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$")
  expect(row!.createdAt).toBe(start)
})

test("of twenty who register one e-mail at once, in any case, one gets the account", async () => {
  const accounts = freshAccounts()
  const email = somebody()
  const codes = await Promise.all(
    Array.from({ length: 20 }, (_, n) => codeOf(accounts.register(n % 2 ? email : email.toUpperCase(), password))),
  )
  expect(codes.filter((each) => each === "no fault")).toHaveLength(1)
  expect(codes.filter((each) => each === "exists")).toHaveLength(19)
  expect(await countOf(email)).toBe(1)
})

test("a second registration costs a hash like the first, and changes nothing", async () => {
  const accounts = freshAccounts()
  const email = somebody()
  const id = await accounts.register(email, password)
  expect(await codeOf(accounts.register(email, "five words make another one"))).toBe("exists")
  expect(accounts.seen.hashed).toBe(2)
  expect(await accounts.login(email, password)).toBe(id)
})

test("an unknown e-mail and a wrong password cost the same work and read the same", async () => {
  const accounts = freshAccounts()
  const email = somebody()
  await accounts.register(email, password)
  const answers = await Promise.all(
    [accounts.login(somebody(), password), accounts.login(email, "five words make another one")].map((each) =>
      each.catch((error: unknown) => error),
    ),
  )
  expect(accounts.seen.verified).toBe(2)
  expect(answers.map((each) => isFault(each) && [each.code, each.message, each.headers])).toEqual([
    ["wrong_credentials", "Check both, or make an account", {}],
    ["wrong_credentials", "Check both, or make an account", {}],
  ])
})

test("what cannot be an account is refused before anything is hashed or written", async () => {
  const accounts = freshAccounts()
  const before = await sql`select id from accounts limit 100000`
  for (const [email, secret] of [
    ["ada", password],
    ["a\0@b.io", password],
    [somebody(), "short"],
    [somebody(), "password123"],
    [somebody(), "x".repeat(129)],
    ["x'; drop table accounts; --", password],
  ])
    expect(await codeOf(accounts.register(email!, secret!))).toBe("invalid_input")
  expect(await codeOf(accounts.login("ada", password))).toBe("invalid_input")
  expect(await codeOf(accounts.login(somebody(), "short"))).toBe("wrong_credentials")
  expect([accounts.seen.hashed, accounts.seen.verified]).toEqual([0, 0])
  expect(await sql`select id from accounts limit 100000`).toHaveLength(before.length)
})

test("of 300 parallel registrations two hash at once, and each is made or told to come again", async () => {
  const accounts = freshAccounts()
  const emails = Array.from({ length: 300 }, somebody)
  const codes = await Promise.all(emails.map((email) => codeOf(accounts.register(email, password))))
  const made = emails.filter((_, n) => codes[n] === "no fault")
  expect(new Set(codes)).toEqual(new Set(["no fault", "hashing_busy"] as const))
  expect(accounts.seen.mostAtOnce).toBe(2)
  expect(made.length).toBeGreaterThanOrEqual(34)
  for (const [n, email] of emails.entries())
    expect([email, await countOf(email)]).toEqual([email, codes[n] === "no fault" ? 1 : 0])
})

test("the real hasher under a crowd keeps to two at once", async () => {
  let running = 0
  let mostAtOnce = 0
  const counted: Hasher = {
    ...argon2id,
    hash: async (secret) => {
      mostAtOnce = Math.max(mostAtOnce, ++running)
      return argon2id.hash(secret).finally(() => running--)
    },
  }
  const accounts = openAccounts({
    sql,
    clock: () => start,
    log: silentLog,
    passwords: openPasswords({ hasher: counted, limits: { queue: 4 } }),
  })
  const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(accounts.register(somebody(), password))))
  expect(mostAtOnce).toBe(2)
  expect(codes.filter((each) => each === "no fault")).toHaveLength(6)
  expect(codes.filter((each) => each === "hashing_busy")).toHaveLength(14)
})

test("fans are minted in bulk, each once, in order, without a way to sign in", async () => {
  const accounts = freshAccounts()
  const fans = await accounts.mint(12_001)
  expect(new Set(fans).size).toBe(12_001)
  expect(fans.every(isId)).toBe(true)
  expect([...fans].sort()).toEqual(fans)
  const rows = await sql<
    { email: string | null; passwordHash: string | null }[]
  >`select email, password_hash from accounts where id = any(${fans}) limit 20000`
  expect(rows).toHaveLength(12_001)
  expect(rows.filter((row) => row.email !== null || row.passwordHash !== null)).toEqual([])
})

test("parallel mints share no fan", async () => {
  const [one, two] = [freshAccounts(), freshAccounts()]
  const minted = await Promise.all([one.mint(100), one.mint(100), two.mint(100)])
  expect(new Set(minted.flat()).size).toBe(300)
})

test.each([0, -1, 1.5, Number.NaN, Infinity, mostFans + 1])("%p fans cannot be minted", async (count) => {
  const size = async () =>
    (await sql<{ count: number }[]>`select count(*)::int as count from accounts limit 1`)[0]!.count
  const before = await size()
  expect(await codeOf(freshAccounts().mint(count))).toBe("invalid_input")
  expect(await size()).toBe(before)
})
