import { expect, test } from "bun:test"
import { isFault } from "../fault.ts"
import { argon2id, openPasswords, type Hasher, type PasswordLimits } from "./passwords.ts"

/** Hashes when it is told to, and counts how many it has under way. */
const heldHasher = () => {
  const held: (() => void)[] = []
  const seen = { order: [] as string[], compared: [] as string[], running: 0, mostAtOnce: 0 }
  const work = async <T>(answer: () => T) => {
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++seen.running)
    await new Promise<void>((resolve) => held.push(resolve))
    seen.running--
    return answer()
  }
  const hasher: Hasher = {
    hash: (password) => (seen.order.push(password), work(() => `hash of ${password}`)),
    verify: (password, hash) => (seen.compared.push(hash), work(() => hash === `hash of ${password}`)),
  }
  const releaseAll = async (): Promise<void> => {
    while (held.length > 0) {
      held.shift()!()
      await Bun.sleep(0)
    }
  }
  return { hasher, seen, releaseAll }
}

const freshPasswords = (limits?: Partial<PasswordLimits>) => {
  const { hasher, seen, releaseAll } = heldHasher()
  return { passwords: openPasswords({ hasher, limits }), seen, releaseAll }
}

test("of 300 at once two are hashed at a time, 32 wait in order, and the others hear when to come again", async () => {
  const { passwords, seen, releaseAll } = freshPasswords()
  const asked = Promise.allSettled(Array.from({ length: 300 }, (_, n) => passwords.hash(`password-${n}`)))
  await releaseAll()
  const outcomes = await asked
  const hashed = outcomes.filter((each) => each.status === "fulfilled").map((each) => each.value)
  const refused = outcomes.filter((each) => each.status === "rejected").map((each): unknown => each.reason)
  expect(seen.mostAtOnce).toBe(2)
  expect(hashed).toEqual(Array.from({ length: 34 }, (_, n) => `hash of password-${n}`))
  expect(seen.order).toEqual(Array.from({ length: 34 }, (_, n) => `password-${n}`))
  expect(refused).toHaveLength(266)
  for (const reason of refused)
    expect([isFault(reason, "hashing_busy"), isFault(reason) && reason.headers]).toEqual([true, { "Retry-After": "2" }])
})

test("hashing and verifying wait in the same line", async () => {
  const { passwords, seen, releaseAll } = freshPasswords({ atOnce: 1, queue: 3 })
  const asked = Promise.all([
    passwords.hash("one"),
    passwords.verify("two", "hash of two"),
    passwords.hash("three"),
    passwords.verify("four", "hash of five"),
  ])
  await expect(passwords.verify("six", "hash of six")).rejects.toThrow("try again")
  await releaseAll()
  expect(await asked).toEqual(["hash of one", true, "hash of three", false])
  expect(seen.mostAtOnce).toBe(1)
})

test("nobody slips in between the one that leaves and the next in line", async () => {
  const { passwords, seen, releaseAll } = freshPasswords({ atOnce: 1 })
  const first = passwords.hash("first").then(() => passwords.hash("again"))
  const second = passwords.hash("second")
  await releaseAll()
  await Promise.all([first, second])
  expect(seen.order).toEqual(["first", "second", "again"])
  expect(seen.mostAtOnce).toBe(1)
})

test("a failed hash frees its place", async () => {
  let fails = true
  const hasher: Hasher = {
    ...argon2id,
    hash: async (password) => (fails ? Promise.reject(new Error("no memory")) : password),
  }
  const passwords = openPasswords({ hasher, limits: { atOnce: 1, queue: 1 } })
  for (let n = 0; n < 5; n++) await expect(passwords.hash("x")).rejects.toThrow("no memory")
  fails = false
  expect(await passwords.hash("x")).toBe("x")
})

test("without a hash to compare with, one of the same cost is compared, and never matches", async () => {
  const compared: string[] = []
  const hasher: Hasher = { ...argon2id, verify: async (_, hash) => (compared.push(hash), true) }
  const passwords = openPasswords({ hasher })
  expect(await passwords.verify("anything", undefined)).toBe(false)
  expect(await passwords.verify("anything", "known")).toBe(true)
  const settings = (hash: string) => hash.split("$").slice(1, 4)
  expect(settings(compared[0]!)).toEqual(["argon2id", "v=19", "m=19456,t=2,p=1"])
  expect(settings(compared[0]!)).toEqual(settings(await argon2id.hash("some password")))
})

test("argon2id knows its own hashes, salted anew each time", async () => {
  const hashes = await Promise.all([argon2id.hash("four words make one"), argon2id.hash("four words make one")])
  expect(hashes[0]).not.toBe(hashes[1])
  expect(await argon2id.verify("four words make one", hashes[0]!)).toBe(true)
  expect(await argon2id.verify("four words make two", hashes[0]!)).toBe(false)
})
