import { hkdfSync } from "node:crypto"

/** The first key of a list signs, all of them verify, so that keys can be rotated. */
export type SigningKey = { kid: string; secret: string }

/** A derived key per kind of token, so that none verifies as another. */
export type Purpose = "account" | "admission" | "receipt" | "operator"

export type PurposeKey = {
  kid: string
  bytes: Uint8Array
  mac(text: string): string
}

/** Characters; shorter secrets can be guessed offline. */
export const shortestSecret = 32

/** @throws Error when there is no key, a kid is malformed or used twice, or a secret is too short. */
export const deriveKeys = (keys: readonly SigningKey[], purpose: Purpose): PurposeKey[] => {
  if (keys.length === 0) throw new Error("There is no signing key")
  if (new Set(keys.map((each) => each.kid)).size !== keys.length) throw new Error("Two signing keys have the same kid")
  return keys.map(({ kid, secret }) => {
    if (!kidPattern.test(kid)) throw new Error(`The kid ${JSON.stringify(kid)} must be 1 to 32 letters, digits, - or _`)
    if (secret.length < shortestSecret)
      throw new Error(`The secret of key ${kid} must have at least ${shortestSecret} characters`)
    const bytes = new Uint8Array(hkdfSync("sha256", secret, "traffic", purpose, 32))
    const keyed = new Bun.CryptoHasher("sha256", bytes)
    return { kid, bytes, mac: (text) => keyed.copy().update(text).digest("base64url") }
  })
}

const kidPattern = /^[\w-]{1,32}$/

/** Constant time. Text is compared, because base64url spells 32 bytes in four ways. */
export const sameSignature = (expected: string, given: string) => {
  if (given.length !== expected.length) return false
  let difference = 0
  for (let index = 0; index < expected.length; index++)
    difference |= expected.charCodeAt(index) ^ given.charCodeAt(index)
  return difference === 0
}
