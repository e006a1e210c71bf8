import { monotonicFactory } from "ulid"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { isId, newId, trustedId, type AccountId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import type { EpochMs } from "../units.ts"
import { lookupPassword, parseEmail, parseNewPassword } from "./credentials.ts"
import { openPasswords, type Passwords } from "./passwords.ts"

export const mostFans = 50_000
const fansPerInsert = 5000

export type AccountParts = { sql: Pool; clock: Clock; log: Log; passwords?: Passwords }

export const openAccounts = ({ sql, clock, log, passwords = openPasswords() }: AccountParts) => {
  const nextUlid = monotonicFactory()

  return {
    /**
     * The hash is made before the constraint decides: a taken e-mail costs as much as a free one.
     * @throws Fault invalid_input, exists, hashing_busy
     */
    register: async (email: string, password: string): Promise<AccountId> => {
      const address = parseEmail(email)
      const hash = await passwords.hash(parseNewPassword(password, address))
      const now = clock()
      const [made] = await sql<{ id: AccountId }[]>`
        insert into accounts (id, email, password_hash, created_at)
        values (${newId<AccountId>(now)}, ${address}, ${hash}, ${now})
        on conflict on constraint accounts_email_once do nothing
        returning id`
      if (!made) throw new Fault("exists", "Sign in, or take another e-mail address")
      return made.id
    },

    /** An unknown e-mail costs as much as a wrong password. @throws Fault wrong_credentials, invalid_input, hashing_busy */
    login: async (email: string, password: string): Promise<AccountId> => {
      const address = parseEmail(email)
      const candidate = lookupPassword(password)
      if (candidate === undefined) throw wrongCredentials()
      const [account] = await sql<{ id: AccountId; passwordHash: string }[]>`
        select id, password_hash
        from accounts
        where email = ${address}
        limit 1`
      const isRight = await passwords.verify(candidate, account?.passwordHash)
      if (!account || !isRight) throw wrongCredentials()
      return account.id
    },

    lookup: async (text: string): Promise<{ accountId: AccountId; email?: string; createdAt: EpochMs } | undefined> => {
      const wanted = text.trim()
      const [account] = await sql<{ id: AccountId; email: string | null; createdAt: EpochMs }[]>`
        select id, email, created_at from accounts
        where ${isId(wanted) ? sql`id = ${wanted}` : sql`email = ${wanted.slice(0, 320).normalize("NFC").toLowerCase()}`}
        limit 1`
      return (
        account && {
          accountId: account.id,
          email: account.email ?? undefined,
          createdAt: account.createdAt,
        }
      )
    },

    /** Demo fans, without e-mail or password, in the order of their ids. @throws Fault invalid_input */
    mint: async (count: number): Promise<AccountId[]> => {
      if (!Number.isInteger(count) || count < 1 || count > mostFans)
        throw new Fault("invalid_input", `The number of fans must be a whole number from 1 to ${mostFans}`)
      const minted: AccountId[] = []
      while (minted.length < count) {
        const now = clock()
        const some = Array.from({ length: Math.min(fansPerInsert, count - minted.length) }, () =>
          trustedId<AccountId>(nextUlid(now)),
        )
        await sql`
          insert into accounts (id, created_at)
          select id, ${now}::timestamptz
          from unnest(${some}::text[]) as fan (id)`
        minted.push(...some)
      }
      log.debug({ count }, "minted fans")
      return minted
    },
  }
}

const wrongCredentials = () => new Fault("wrong_credentials", "Check both, or make an account")
