import { Fault } from "../fault.ts"
import { commonPasswords } from "./common-passwords.ts"

declare const checked: unique symbol
export type Email = string & { readonly [checked]: "email" }
export type Password = string & { readonly [checked]: "password" }

/** Checks the form alone. @throws Fault invalid_input */
export const parseEmail = (text: string): Email => {
  const email = text.slice(0, longestInput).normalize("NFC").trim().toLowerCase()
  if (email.length > longestEmail || !emailPattern.test(email))
    throw new Fault(
      "invalid_input",
      `The e-mail address must have one @ with text on both sides, no spaces, and at most ${longestEmail} characters`,
    )
  return email as Email
}

export const parseNewPassword = (text: string, email: Email): Password => {
  const password = lookupPassword(text)
  if (password === undefined) throw new Fault("invalid_input", "The password must have 8 to 128 characters")
  const plain = password.toLowerCase()
  if (commonPasswords.has(plain))
    throw new Fault(
      "invalid_input",
      "This password is among the first that guessers try; choose another, such as four words",
    )
  if (plain === email || plain === email.slice(0, email.indexOf("@")))
    throw new Fault("invalid_input", "The password must not be the e-mail address")
  return password
}

/** 8 to 128 characters in normal form C; there is no other rule of composition. */
export const lookupPassword = (text: string): Password | undefined => {
  if (text.length > longestInput || !text.isWellFormed()) return undefined
  const password = text.normalize("NFC")
  const length = [...password].length
  return length >= 8 && length <= 128 ? (password as Password) : undefined
}

const longestEmail = 254
/** UTF-16 units; the rest is not read. */
const longestInput = 1024
const emailPattern = /^[^\s@\p{Cc}\p{Cf}\p{Cs}]+@[^\s@\p{Cc}\p{Cf}\p{Cs}]+$/u
