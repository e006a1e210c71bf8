import { Fault } from "../../fault.ts"
import type { BucketOutcome, Policy } from "../../guard/policy.ts"
import { policyText, rateLimitHeaders, rateLimitText } from "../../guard/rate-limit-headers.ts"
import type { AccountId, SaleId } from "../../ids.ts"
import { minutes } from "../../units.ts"
import { parseAccount, parseShopper, requireAdmin, requireDemo } from "./credentials.ts"
import { requireSameOrigin } from "./form.ts"
import { budgetsOf, type Budget, type BudgetPolicy } from "./limits.ts"
import type { Parts } from "./parts.ts"
import { openSessions } from "./session.ts"

export type AnswerHeaders = Record<string, string | number | string[] | undefined>

export type Caller = ReturnType<typeof openCaller>

export const openCaller = (
  { config, tokens, buckets, addresses }: Pick<Parts, "config" | "tokens" | "buckets" | "addresses">,
  peerOf: (request: Request) => string | undefined,
) => {
  const budgets = budgetsOf(config)
  const addressOf = (request: Request) =>
    addresses.of(peerOf(request), addresses.readsForwardedFor ? request.headers.get("x-forwarded-for") : null)

  const refused = (policy: Policy, outcome: BucketOutcome) =>
    new Fault(
      "rate_limited",
      `At most ${policy.limit} ${policy.name} in ${policy.window / 1000} s; wait as Retry-After says`,
      {
        headers: rateLimitHeaders(policy, outcome),
      },
    )

  const take = async (policy: Policy, subject: string, headers: AnswerHeaders) => {
    const outcome = await buckets.take(policy, subject)
    Object.assign(headers, rateLimitHeaders(policy, outcome))
    if (outcome.state === "limited") throw refused(policy, outcome)
  }

  const subjectOf = ({ per, name }: BudgetPolicy, request: Request, accountId: AccountId | undefined): string => {
    if (per === "address") return addressOf(request)
    if (accountId === undefined) throw new Error(`${name} are counted per account, and nobody has signed in`)
    return accountId
  }

  /** For what a crowd does: decided in this process, at once. `count` answers the RateLimit header. @throws Fault rate_limited */
  const settledLimit = (budget: Budget) => {
    const policy = budgets[budget]
    const bucket = buckets.settled(policy)
    return {
      policyText: policyText(policy),
      count: (request: Request): string => {
        const outcome = bucket.take(addressOf(request))
        if (outcome.state === "limited") throw refused(policy, outcome)
        return rateLimitText(policy, outcome)
      },
    }
  }

  const sessions = openSessions(config, accountCookie)
  /** A browser sends a cookie by itself, whoever made it ask: what changes something must come from a page of ours. */
  const sessionAccount = (request: Request): AccountId | undefined => {
    const token = sessions.lookup(request)
    const account = token === undefined ? undefined : tokens.verifyAccount(token)
    if (account !== undefined && request.method !== "GET" && request.method !== "HEAD") requireSameOrigin(request)
    return account
  }

  return {
    sessions,
    /** @throws Fault unauthorized; forbidden when another site uses the cookie. */
    account: (request: Request): AccountId => {
      const authorization = request.headers.get("authorization")
      return (authorization === null ? sessionAccount(request) : undefined) ?? parseAccount(tokens, authorization)
    },
    /** Whether the token with which this request came still counts. The request itself is forgotten. */
    signedIn: (request: Request): (() => boolean) => {
      const authorization = request.headers.get("authorization")
      const token = authorization === null ? sessions.lookup(request) : authorization.slice("Bearer ".length)
      return () => token !== undefined && tokens.verifyAccount(token) !== undefined
    },
    visitor: sessionAccount,
    shopper: (request: Request, saleId: SaleId, { endedToo = false } = {}) =>
      parseShopper(tokens, request.headers.get("authorization"), saleId, { endedToo }),
    admin: (request: Request) => requireAdmin(config, request.headers.get("x-admin-key")),
    demo: (request: Request) => requireDemo(config, request.headers.get("x-demo-key")),
    addressOf,
    settledLimit,
    /** Counts one request against a budget; the bag gets what is left of it. @throws Fault rate_limited */
    spend: (budget: Budget, request: Request, accountId?: AccountId, headers: AnswerHeaders = {}) =>
      take(budgets[budget], subjectOf(budgets[budget], request, accountId), headers),
  }
}

const accountCookie = { name: "traffic", length: minutes(12 * 60) }
