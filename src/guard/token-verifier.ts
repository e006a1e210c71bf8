import type { Clock } from "../clock.ts"
import { later, seconds, type EpochMs } from "../units.ts"
import { openMemory } from "./memory.ts"
import { sameSignature, type PurposeKey } from "./signing-keys.ts"

export type Claims = Record<string, unknown>

type Verified<T> = { value: T; until: EpochMs }

export type VerifierParts<T> = {
  keys: readonly PurposeKey[]
  /** The header's `typ`. */
  type: string
  /** Undefined when a claim is missing, superfluous or of the wrong type. */
  read: (claims: Claims) => { value: T; endsAt: EpochMs } | undefined
  clock: Clock
  /** Tokens whose outcome is kept from the second time on; what was not asked for lately goes first. */
  remembered: number
}

/** Characters. Ours have about 330. */
const longestToken = 2048
const rememberedFor = seconds(60)

/**
 * Verifies one kind of compact JWT, synchronously, and remembers the good ones that come again for a minute at most. Most of a
 * crowd's first requests bring a token that is new here: to keep each would cost more than to read it a second time.
 * The algorithm is HMAC-SHA256, whatever a header says: a header counts only when it equals, byte for byte, one that we write.
 */
export const openVerifier = <T extends {}>({ keys, type, read, clock, remembered }: VerifierParts<T>) => {
  const keyByHeader = new Map(keys.map((key) => [headerOf(key.kid, type), key]))
  const cache = openMemory<string, Verified<T>>(remembered)
  const seen = openMarks()

  return (token: string): T | undefined => {
    if (token.length > longestToken) return undefined
    const now = clock()
    const stamp = stampOf(token)
    // What was not seen is not remembered: most of a crowd's first requests are spared a look at the cache.
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
    if (!isSeen) seen.mark(stamp)
    else {
      const soon = later(now, rememberedFor)
      cache.set(token, { value: found.value, until: found.endsAt < soon ? found.endsAt : soon })
    }
    return found.value
  }
}

/** One bit for each stamp, which several share; all are forgotten when an eighth of them is set, so that few are taken for another. */
const openMarks = (bits = 2 ** 22) => {
  const words = new Uint32Array(bits / 32)
  let marked = 0
  return {
    has: (stamp: number) => (words[(stamp >>> 5) & (words.length - 1)]! & (1 << (stamp & 31))) !== 0,
    mark: (stamp: number) => {
      if (marked++ >= bits / 8) {
        words.fill(0)
        marked = 0
      }
      words[(stamp >>> 5) & (words.length - 1)]! |= 1 << (stamp & 31)
    },
  }
}

/** 32 bits of the end of a signature; only those of one that was found true are marked, and these nobody can choose. */
const stampOf = (token: string) => {
  let stamp = 0
  for (let index = token.length - 8; index < token.length; index++)
    stamp = (Math.imul(stamp, 31) + token.charCodeAt(index)) | 0
  return stamp
}

/** As @elysiajs/jwt writes it; a test holds the two together. */
const headerOf = (kid: string, type: string) =>
  Buffer.from(JSON.stringify({ alg: "HS256", kid, typ: type })).toString("base64url")

/** Decoding into the same bytes each time leaves nothing to collect. */
const decoded = Buffer.alloc(longestToken)

/** Only an object in the one spelling that JSON.stringify gives it, so that no claim can be there twice. */
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
