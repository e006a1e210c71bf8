import { expect, test } from "bun:test"
import fc from "fast-check"
import { isFault } from "../fault.ts"
import { commonPasswords } from "./common-passwords.ts"
import { lookupPassword, parseEmail, parseNewPassword } from "./credentials.ts"

const ada = parseEmail("ada.lovelace@example.com")
const refused = (parse: () => unknown) => {
  try {
    return parse()
  } catch (error) {
    return isFault(error, "invalid_input") ? "invalid_input" : error
  }
}

test.each([
  ["  Ada@Example.COM\n", "ada@example.com"],
  ["a@b", "a@b"],
  ["o'brien+tickets@sub.example.co.uk", "o'brien+tickets@sub.example.co.uk"],
  ["ÅSA@example.se", "åsa@example.se"],
  ["A\u030asa@example.se", "åsa@example.se"],
])("%p is the address %p", (text, email) => {
  expect<string>(parseEmail(text)).toBe(email)
})

test.each([
  "",
  "@",
  "a@",
  "@b",
  "ada",
  "a@b@c",
  "a b@c",
  "a@b c",
  "a\0@b",
  "a\u200b@b",
  "a\r\nbcc:x@b",
  "\ud800@b",
  `${"a".repeat(250)}@b.io`,
  `${"a".repeat(1 << 20)}@b`,
  `a@${" ".repeat(5000)}b`,
])("%p is no e-mail address", (text) => {
  expect(refused(() => parseEmail(text))).toBe("invalid_input")
})

test("an address of 254 characters is taken, one more is not", () => {
  expect(parseEmail(`${"a".repeat(249)}@b.io`)).toHaveLength(254)
  expect(refused(() => parseEmail(`${"a".repeat(250)}@b.io`))).toBe("invalid_input")
})

test("an address reads the same once it was read", () => {
  fc.assert(
    fc.property(fc.emailAddress(), (text) => {
      const email = parseEmail(text)
      expect<string>(parseEmail(` ${email.toUpperCase()} `)).toBe(email)
    }),
  )
})

test.each([
  "four words make one",
  "tr0ubador&3",
  "pässwörter-mit-umlaut",
  "😀".repeat(8),
  "x".repeat(127) + "y",
  "        spaces",
  "12345678901234567890x",
])("%p will do", (text) => {
  expect(parseNewPassword(text, ada)).toBeTruthy()
})

test.each([
  "",
  "seven77",
  "😀".repeat(7),
  "x".repeat(129),
  "x".repeat(1 << 20),
  "half a pair \ud83d",
  "password",
  "PassWord",
  "P@ssw0rd",
  "qwertyuiop",
  "12345678",
  "iloveyou1",
  "ada.lovelace@example.com",
  "Ada.Lovelace",
])("%p will not do for a new account", (text) => {
  expect(refused(() => parseNewPassword(text, ada))).toBe("invalid_input")
})

test("two spellings of one password are one", () => {
  expect(lookupPassword("Ame\u0301lie, again")).toBe(lookupPassword("Amélie, again")!)
})

test("the list of common passwords holds only such as length and case let through", () => {
  expect(commonPasswords.size).toBeGreaterThan(300)
  for (const each of commonPasswords)
    expect([each, each.length >= 8 && each === each.toLowerCase()]).toEqual([each, true])
})
