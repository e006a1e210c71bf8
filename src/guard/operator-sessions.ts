import { createHash } from "node:crypto"
import type { Clock } from "../clock.ts"
import { newId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import { later, minutes } from "../units.ts"
import { deriveKeys, sameSignature, type PurposeKey, type SigningKey } from "./signing-keys.ts"

export const operatorSessionLength = minutes(8 * 60)

export type OperatorSessions = ReturnType<typeof openOperatorSessions>

/**
 * Sessions of operators who showed the admin key, as `kid.id.endsMs.name.signature` with the name in base64url. The admin key is
 * signed too, so that a new key ends every session. Postgres has those that are not ended.
 */
export const openOperatorSessions = ({
  sql,
  keys,
  clock,
  adminKey,
}: {
  sql: Pool
  keys: readonly SigningKey[]
  clock: Clock
  adminKey: string
}) => {
  const operatorKeys = deriveKeys(keys, "operator")
  const adminKeyHash = createHash("sha256").update(adminKey).digest("base64url")
  const macOf = (key: PurposeKey, signed: string) => key.mac(`${signed}.${adminKeyHash}`)

  /** Valid signatures, ended sessions included. */
  const parse = (text: string) => {
    const [, signed, kid, id, ends, name, signature] = pattern.exec(text) ?? []
    const key = operatorKeys.find((each) => each.kid === kid)
    if (!key || !sameSignature(macOf(key, signed!), signature!)) return undefined
    return { id: id!, ends: Number(ends), operator: Buffer.from(name!, "base64url").toString() }
  }

  return {
    begin: async (operator: string): Promise<string> => {
      const now = clock()
      const [id, ends] = [newId(now), later(now, operatorSessionLength)]
      await sql`insert into operator_sessions (session_id, ends_at) values (${id}, ${ends})`
      await sql`
        delete from operator_sessions where session_id in (
          select session_id from operator_sessions where ends_at <= ${now} limit ${forgottenAtOnce}
        )`
      const key = operatorKeys[0]!
      const signed = `${key.kid}.${id}.${ends}.${Buffer.from(operator.slice(0, nameMax)).toString("base64url")}`
      return `${signed}.${macOf(key, signed)}`
    },

    /** The operator's name. Unsigned text costs no query. */
    lookup: async (text: string | undefined): Promise<string | undefined> => {
      const session = text === undefined ? undefined : parse(text)
      if (session === undefined || clock() >= session.ends) return undefined
      const [kept] = await sql`select 1 from operator_sessions where session_id = ${session.id} limit 1`
      return kept && session.operator
    },

    end: async (text: string | undefined): Promise<void> => {
      const session = text === undefined ? undefined : parse(text)
      if (session) await sql`delete from operator_sessions where session_id = ${session.id}`
    },
  }
}

const nameMax = 80
const forgottenAtOnce = 100
const pattern = /^(([\w-]{1,32})\.([0-9A-Z]{26})\.(\d{13})\.([\w-]{1,430}))\.([\w-]{43})$/
