import type { Clock } from "../clock.ts"
import { later, seconds, type EpochMs } from "../units.ts"
import { openTwoGenerationCache } from "./two-generation-cache.ts"
import { sameSignature, type PurposeKey } from "./signing-keys.ts"

export type Claims = Record<string, unknown>

type Verified<T> = { value: T; until: EpochMs }

export type VerifierParts<T> = {
  keys: readonly PurposeKey[]
  type: string
  /** Undefined for a wrong, missing or superfluous claim. */
  read: (claims: Claims) => { value: T; endsAt: EpochMs } | undefined
  clock: Clock
  remembered: number
}

/** Characters. Ours have about 330. */
const longestToken = 2048
const rememberedFor = seconds(60)

/**
 * Verifies one kind of compact JWT, synchronously, and caches for a minute those that come a second time: most of a crowd's first
 * requests bring a token that is new here, and to cache each would cost more than to read it again.
 * The algorithm is HMAC-SHA256, whatever a header says: a header counts only when it equals, byte for byte, one that we write.
 */
export const openVerifier = <T extends {}>({ keys, type, read, clock, remembered }: VerifierParts<T>) => {
  const keyByHeader = new Map(keys.map((key) => [headerOf(key.kid, type), key]))
  const cache = openTwoGenerationCache<string, Verified<T>>(remembered)
  const seen = openBloomFilter()

  return (token: string): T | undefined => {
    if (token.length > longestToken) return undefined
    const now = clock()
    const stamp = stampOf(token)
    const isSeen = seen.has(stamp)
    const known = isSeen ? cache.get(token) : undefined
    if (known !== undefined && now < known.until) return known.value

    const headerEnd = token.indexOf(".")
    const payloadEnd = token.lastIndexOf(".")
    const key = keyByHeader.get(token.slice(0, headerEnd))
    if (key === undefined || token.indexOf(".", headerEnd + 1) !== payloadEnd) return undefined
    if (!sameSignature(key.mac(token.slice(0, payloadEnd)), token.slice(payloadEnd + 1))) return undefined

    const claims = parseClaims(token.slice(headerEnd + 1, payloadEnd))
    const found = claims && read(claims)
    if (!found || now >= found.endsAt) return undefined
    if (!isSeen) seen.add(stamp)
    else {
      const soon = later(now, rememberedFor)
      cache.set(token, { value: found.value, until: found.endsAt < soon ? found.endsAt : soon })
    }
    return found.value
  }
}

/** A Bloom filter of one hash. It is cleared when an eighth of its bits may be set, so that few stamps are taken for another. */
const openBloomFilter = (bits = 2 ** 22) => {
  const words = new Uint32Array(bits / 32)
  let added = 0
  return {
    has: (stamp: number) => (words[(stamp >>> 5) & (words.length - 1)]! & (1 << (stamp & 31))) !== 0,
    add: (stamp: number) => {
      if (added++ >= bits / 8) {
        words.fill(0)
        added = 0
      }
      words[(stamp >>> 5) & (words.length - 1)]! |= 1 << (stamp & 31)
    },
  }
}

/** 32 bits of a valid signature, which nobody can choose. */
const stampOf = (token: string) => {
  let stamp = 0
  for (let index = token.length - 8; index < token.length; index++)
    stamp = (Math.imul(stamp, 31) + token.charCodeAt(index)) | 0
  return stamp
}

const headerOf = (kid: string, type: string) =>
  Buffer.from(JSON.stringify({ alg: "HS256", kid, typ: type })).toString("base64url")

/** Reused, so that decoding allocates nothing. */
const decoded = Buffer.alloc(longestToken)

/** Refuses any spelling but JSON.stringify's, so that no claim can be there twice. */
const parseClaims = (payload: string): Claims | undefined => {
  const text = decoded.toString("latin1", 0, decoded.write(payload, "base64url"))
  try {
    const claims: unknown = JSON.parse(text)
    return isClaims(claims) && JSON.stringify(claims) === text ? claims : undefined
  } catch {
    return undefined
  }
}

const isClaims = (value: unknown): value is Claims =>
  typeof value === "object" && value !== null && !Array.isArray(value)
