import { isId, trustedId, type AccountId, type SaleId } from "../ids.ts"
import { epochMs, type EpochMs } from "../units.ts"
import { sameSignature, type PurposeKey } from "./signing-keys.ts"

/** Proof of a join: its holder gets the position back if Redis lost it. */
export type Receipt = { saleId: SaleId; accountId: AccountId; position: number; joinedAt: EpochMs }

/** `kid.sale-account-position-joinedMs.signature`, about 120 characters, safe in a URL and the same each time. */
export const openReceipts = (keys: readonly PurposeKey[]) => {
  const keyByKid = new Map(keys.map((key) => [key.kid, key]))
  const signing = keys[0]!
  return {
    sign: ({ saleId, accountId, position, joinedAt }: Receipt) => {
      const signed = `${signing.kid}.${saleId}-${accountId}-${position}-${joinedAt}`
      return `${signed}.${signing.mac(signed)}`
    },

    verify: (text: string): Receipt | undefined => {
      if (text.length > longestReceipt) return undefined
      const [, signed, kid, saleId, accountId, position, joinedAt, signature] = pattern.exec(text) ?? []
      const key = keyByKid.get(kid ?? "")
      if (!key || !sameSignature(key.mac(signed!), signature!)) return undefined
      if (!isId(saleId!) || !isId(accountId!)) return undefined
      if (!Number.isSafeInteger(Number(position)) || !Number.isSafeInteger(Number(joinedAt))) return undefined
      return {
        saleId: trustedId(saleId!),
        accountId: trustedId(accountId!),
        position: Number(position),
        joinedAt: epochMs(Number(joinedAt)),
      }
    },
  }
}

const longestReceipt = 256
const pattern = /^(([\w-]{1,32})\.([0-9A-Z]{26})-([0-9A-Z]{26})-([1-9]\d{0,15})-([1-9]\d{0,15}))\.([\w-]{43})$/
