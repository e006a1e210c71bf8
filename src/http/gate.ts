import { Fault } from "../fault.ts"
import { rateLimitHeaders, type Policy } from "../guard/buckets.ts"
import type { AccountId, SaleId } from "../ids.ts"
import { parseAccount, parseShopper, requireAdmin, requireDemo } from "./credentials.ts"
import type { Parts } from "./parts.ts"

/** A header bag that an answer is built from. */
export type AnswerHeaders = Record<string, string | number | string[] | undefined>

export type Gate = ReturnType<typeof openGate>

/** Who asks, from where, and how often: the questions that routes put before they call a verb. */
export const openGate = ({ config, tokens, buckets, addresses }: Parts, peerOf: (request: Request) => string | undefined) => {
  const addressOf = (request: Request) => addresses.of(peerOf(request), request.headers.get("x-forwarded-for"))

  const take = async (policy: Policy, subject: string, headers: AnswerHeaders) => {
    const outcome = await buckets.take(policy, subject)
    const limits = rateLimitHeaders(policy, outcome)
    Object.assign(headers, limits)
    if (outcome.state === "limited")
      throw new Fault("rate_limited", `At most ${policy.limit} ${policy.name} in ${policy.window / 1000} s; wait as Retry-After says`, { headers: limits })
  }

  return {
    account: (request: Request): AccountId => parseAccount(tokens, request.headers.get("authorization")),
    shopper: (request: Request, saleId: SaleId) => parseShopper(tokens, request.headers.get("authorization"), saleId),
    admin: (request: Request) => requireAdmin(config, request.headers.get("x-admin-key")),
    demo: (request: Request) => requireDemo(config, request.headers.get("x-demo-key")),
    addressOf,
    limitAddress: (policy: Policy, request: Request, headers: AnswerHeaders) => take(policy, addressOf(request), headers),
    limitAccount: (policy: Policy, account: AccountId, headers: AnswerHeaders) => take(policy, account, headers),
  }
}
