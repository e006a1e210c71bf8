import { timingSafeEqual } from "node:crypto"
import type { Config } from "../../config.ts"
import { Fault } from "../../fault.ts"
import type { Tokens } from "../../guard/tokens.ts"
import type { AccountId, SaleId } from "../../ids.ts"

export const parseAccount = (tokens: Pick<Tokens, "verifyAccount">, authorization: string | null): AccountId => {
  const account = authorization?.startsWith("Bearer ") ? tokens.verifyAccount(authorization.slice(7)) : undefined
  if (account === undefined)
    throw new Fault(
      "unauthorized",
      "Send Authorization: Bearer <token> of a registered account; the token may have ended",
    )
  return account
}

/**
 * The shopper of a gated route.
 * @throws Fault admission_required (403) for an account that has not been admitted, admission_invalid or unauthorized (401) else
 */
export const parseShopper = (
  {
    verifyAdmission,
    verifyEverAdmitted,
    verifyAccount,
  }: Pick<Tokens, "verifyAdmission" | "verifyEverAdmitted" | "verifyAccount">,
  authorization: string | null,
  saleId: SaleId,
  { endedToo = false } = {},
) => {
  if (authorization?.startsWith("Admission ")) {
    const verify = endedToo ? verifyEverAdmitted : verifyAdmission
    const admission = verify(authorization.slice(10), saleId)
    if (admission === undefined)
      throw new Fault(
        "admission_invalid",
        "The admission has ended, or belongs to another sale; ask the waiting room for your status",
      )
    return admission
  }
  parseAccount({ verifyAccount }, authorization)
  throw new Fault(
    "admission_required",
    "This account is signed in, but its turn has not come; send Authorization: Admission <admission_token> from the waiting room's status",
  )
}

export const requireAdmin = (config: Config, key: string | null) => {
  if (!isAdminKey(config, key)) throw new Fault("forbidden", "Send the operator's key in X-Admin-Key")
}

/** @throws Fault forbidden (403), only where a demo key is set */
export const requireDemo = (config: Config, key: string | null) => {
  if (config.demoKey !== undefined && !sameSecret(key, config.demoKey))
    throw new Fault("forbidden", "Send the demo key in X-Demo-Key")
}

export const isAdminKey = (config: Config, key: string | null) => sameSecret(key, config.adminKey)

const sameSecret = (given: string | null, expected: string) => {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest()
  return given !== null && given.length <= 512 && timingSafeEqual(digest(given), digest(expected))
}
