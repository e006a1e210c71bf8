import { expect, test } from "bun:test"
import { createHmac } from "node:crypto"
import { epochMs, later, millis, type EpochMs } from "../units.ts"
import { deriveKeys } from "./signing-keys.ts"
import { openVerifier, type Claims } from "./token-verifier.ts"

const start = epochMs(Date.parse("2027-05-01T10:00:00Z"))
const keys = deriveKeys([{ kid: "k1", secret: "one secret of more than thirty-two characters" }], "account")

const freshVerifier = (remembered: number) => {
  let now = start
  const read: string[] = []
  const verify = openVerifier({
    keys,
    type: "x",
    clock: () => now,
    remembered,
    read: (claims: Claims) => {
      read.push(String(claims.sub))
      return { value: String(claims.sub), endsAt: epochMs(Number(claims.exp)) }
    },
  })
  return { verify, read, moveTo: (at: EpochMs) => void (now = at) }
}

const sign = (sub: string, exp: number) => {
  const signed = [
    { alg: "HS256", kid: "k1", typ: "x" },
    { sub, exp },
  ]
    .map((each) => Buffer.from(JSON.stringify(each)).toString("base64url"))
    .join(".")
  return `${signed}.${createHmac("sha256", keys[0]!.bytes).update(signed).digest("base64url")}`
}

test("a token is read twice, then remembered for a minute at most", () => {
  const { verify, read, moveTo } = freshVerifier(10)
  const token = sign("ada", start + 3_600_000)
  expect(verify(token)).toBe("ada")
  for (const at of [0, 1, 59_999, 60_000, 60_001, 119_999]) {
    moveTo(later(start, millis(at)))
    expect(verify(token)).toBe("ada")
  }
  expect(read).toEqual(["ada", "ada", "ada"])
})

test("a remembered token ends when it says, not when it is forgotten", () => {
  const { verify, moveTo } = freshVerifier(10)
  const token = sign("ada", start + 10)
  for (let n = 0; n < 2; n++) expect(verify(token)).toBe("ada")
  moveTo(later(start, millis(9)))
  expect(verify(token)).toBe("ada")
  moveTo(later(start, millis(10)))
  expect(verify(token)).toBeUndefined()
})

test("no more tokens are remembered than the bound, and the least used goes first", () => {
  const { verify, read } = freshVerifier(2)
  const [ada, bob, cyd] = ["ada", "bob", "cyd"].map((name) => sign(name, start + 1000)) as [string, string, string]
  for (const token of [ada, bob, cyd]) verify(token)
  read.length = 0
  for (const token of [ada, bob, ada, cyd, ada, bob]) expect(verify(token)).toBeDefined()
  expect(read).toEqual(["ada", "bob", "cyd", "bob"])
})

test("a crowd of tokens that come once takes no room", () => {
  const { verify, read } = freshVerifier(2)
  const token = sign("ada", start + 1000)
  for (let n = 0; n < 2; n++) verify(token)
  for (let n = 0; n < 100; n++) expect(verify(sign(`fan-${n}`, start + 1000))).toBe(`fan-${n}`)
  expect(verify(token)).toBe("ada")
  expect(read.filter((each) => each === "ada")).toHaveLength(2)
})

test("a bad token takes no room", () => {
  const { verify, read } = freshVerifier(1)
  const token = sign("ada", start + 1000)
  for (let n = 0; n < 2; n++) expect(verify(token)).toBe("ada")
  for (let n = 0; n < 100; n++) expect(verify(`${token}${n}`)).toBeUndefined()
  expect(verify(token)).toBe("ada")
  expect(read).toEqual(["ada", "ada"])
})

test("a token over 2 KiB is not looked at, whoever signed it", () => {
  const { verify, read } = freshVerifier(10)
  const long = (length: number) => verify(sign("a".repeat(length), start + 1000))
  expect(long(1300)).toHaveLength(1300)
  expect(long(1600)).toBeUndefined()
  expect(read).toHaveLength(1)
})
