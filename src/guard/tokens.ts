import { createSecretKey } from "node:crypto"
import { jwt } from "@elysiajs/jwt"
import { LRUCache } from "lru-cache"
import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { isId, trustedId, type AccountId, type SaleId } from "../ids.ts"
import { epochMs } from "../units.ts"
import { openReceipts, type Receipt } from "./receipts.ts"
import { deriveKeys, type PurposeKey, type SigningKey } from "./signing-keys.ts"
import { openVerifier, type Claims } from "./token-verifier.ts"

export type { Receipt } from "./receipts.ts"
export type { SigningKey } from "./signing-keys.ts"

export type Tokens = {
  signAccount(accountId: AccountId): Promise<string>
  /** Synchronous and cached: every poll pays for it. */
  verifyAccount(token: string): AccountId | undefined
  /** Deterministic on all nodes that share the key. */
  signAdmission(admission: Admission): Promise<string>
  verifyAdmission(token: string, saleId: SaleId): Admission | undefined
  /** Ended or not: whoever asks must judge its end. */
  verifyEverAdmitted(token: string, saleId: SaleId): Admission | undefined
  signReceipt(receipt: Receipt): string
  /** Proves the signer; the caller compares sale and account. */
  verifyReceipt(text: string): Receipt | undefined
}

export const openTokens = ({ keys, clock }: { keys: readonly SigningKey[]; clock: Clock }): Tokens => {
  const accountKeys = deriveKeys(keys, "account")
  const admissionKeys = deriveKeys(keys, "admission")
  const receipts = openReceipts(deriveKeys(keys, "receipt"))
  const accountSigner = openSigner(accountKeys[0]!, accountType)
  const admissionSigner = openSigner(admissionKeys[0]!, admissionType)
  const signedAdmissions = new LRUCache<string, string>({ max: 20_000 })
  const account = openVerifier({ keys: accountKeys, type: accountType, read: readAccount, clock, remembered: 100_000 })
  const admission = openVerifier({
    keys: admissionKeys,
    type: admissionType,
    read: readAdmission,
    clock,
    remembered: 50_000,
  })
  const signedAdmission = openVerifier({
    keys: admissionKeys,
    type: admissionType,
    read: readAdmission,
    // No token has ended at the beginning of time.
    clock: () => epochMs(0),
    remembered: 50_000,
  })

  return {
    signAccount: (accountId) =>
      accountSigner.sign({
        typ: "account",
        iss: issuer,
        aud: accountAudience,
        sub: accountId,
        exp: Math.floor(clock() / 1000) + accountSeconds,
      }),

    verifyAccount: account,

    signAdmission: async ({ admissionId, saleId, accountId, grantedAt, endsAt }) => {
      const known = `${admissionId} ${saleId} ${accountId} ${grantedAt} ${endsAt}`
      const before = signedAdmissions.get(known)
      if (before !== undefined) return before
      const token = await admissionSigner.sign({
        typ: "admission",
        iss: issuer,
        aud: saleAudience + saleId,
        sub: accountId,
        jti: admissionId,
        granted_ms: grantedAt,
        ends_ms: endsAt,
        exp: Math.ceil(endsAt / 1000),
        iat: false, // The signer dates it by the wall, so that no two would be alike; granted_ms says when.
      })
      signedAdmissions.set(known, token)
      return token
    },

    verifyAdmission: (token, saleId) => {
      const found = admission(token)
      return found?.saleId === saleId ? found : undefined
    },

    verifyEverAdmitted: (token, saleId) => {
      const found = signedAdmission(token)
      return found?.saleId === saleId ? found : undefined
    },

    signReceipt: receipts.sign,
    verifyReceipt: receipts.verify,
  }
}

const issuer = "traffic"
const accountAudience = "traffic:account"
const saleAudience = "traffic:sale:"
const accountType = "account+jwt"
const admissionType = "admission+jwt"
const accountSeconds = 12 * 60 * 60

const openSigner = (key: PurposeKey, type: string) =>
  jwt({ name: "signer", secret: createSecretKey(key.bytes), alg: "HS256", kid: key.kid, typ: type }).decorator.signer

const readAccount = (claims: Claims) => {
  const { typ, iss, aud, sub, iat, exp } = claims
  if (Object.keys(claims).length !== 6 || typ !== "account" || iss !== issuer || aud !== accountAudience)
    return undefined
  if (typeof sub !== "string" || !isId(sub) || !isWhole(iat) || !isWhole(exp)) return undefined
  return { value: trustedId<AccountId>(sub), endsAt: epochMs(exp * 1000) }
}

const readAdmission = (claims: Claims) => {
  const { typ, iss, aud, sub, jti, exp, granted_ms, ends_ms } = claims
  if (Object.keys(claims).length !== 8 || typ !== "admission" || iss !== issuer) return undefined
  if (typeof aud !== "string" || !aud.startsWith(saleAudience) || typeof sub !== "string" || typeof jti !== "string")
    return undefined
  const sale = aud.slice(saleAudience.length)
  if (!isId(sale) || !isId(sub) || !isId(jti) || !isWhole(granted_ms) || !isWhole(ends_ms)) return undefined
  if (granted_ms >= ends_ms || exp !== Math.ceil(ends_ms / 1000)) return undefined
  const value: Admission = {
    admissionId: trustedId(jti),
    saleId: trustedId(sale),
    accountId: trustedId(sub),
    grantedAt: epochMs(granted_ms),
    endsAt: epochMs(ends_ms),
  }
  return { value, endsAt: value.endsAt }
}

const isWhole = (claim: unknown): claim is number => Number.isSafeInteger(claim) && Number(claim) > 0
