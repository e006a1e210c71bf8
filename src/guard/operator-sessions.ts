import type { Clock } from "../clock.ts"
import { seconds } from "../units.ts"
import { sameSignature, type PurposeKey } from "./signing-keys.ts"

/**
 * A session reads `kid.endsMs.name.signature`, the name in base64url. The admin key is part of what is signed: a new key ends every
 * session.
 */
export const openOperatorSessions = ({ keys, clock }: { keys: readonly PurposeKey[]; clock: Clock }) => {
  const keyByKid = new Map(keys.map((key) => [key.kid, key]))
  const signing = keys[0]!
  const macOf = (key: PurposeKey, signed: string, adminKey: string) =>
    key.mac(`${signed}.${new Bun.CryptoHasher("sha256").update(adminKey).digest("base64url")}`)

  return {
    sign: (operator: string, adminKey: string): string => {
      const signed = `${signing.kid}.${clock() + sessionLength}.${Buffer.from(operator.slice(0, nameMax)).toString("base64url")}`
      return `${signed}.${macOf(signing, signed, adminKey)}`
    },
    verify: (text: string, adminKey: string): string | undefined => {
      const [, signed, kid, ends, name, signature] = pattern.exec(text) ?? []
      const key = keyByKid.get(kid ?? "")
      if (!key || !sameSignature(macOf(key, signed!, adminKey), signature!)) return undefined
      return clock() < Number(ends) ? Buffer.from(name!, "base64url").toString() : undefined
    },
  }
}

const sessionLength = seconds(8 * 60 * 60)
/** Characters of a name. */
const nameMax = 80
const pattern = /^(([\w-]{1,32})\.(\d{13})\.([\w-]{1,430}))\.([\w-]{43})$/
