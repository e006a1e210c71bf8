import type { BucketOutcome, Policy } from "./policy.ts"

/** As in draft-ietf-httpapi-ratelimit-headers, and Retry-After when limited. */
export const rateLimitHeaders = (policy: Policy, outcome: BucketOutcome): Record<string, string> => ({
  "RateLimit-Policy": policyText(policy),
  RateLimit: rateLimitText(policy, outcome),
  ...(outcome.state === "limited" ? { "Retry-After": String(Math.max(1, Math.ceil(outcome.retryAfter / 1000))) } : {}),
})

export const policyText = ({ name, limit, window }: Policy) => `"${name}";q=${limit};w=${Math.ceil(window / 1000)}`
export const rateLimitText = ({ name }: Policy, { remaining, resetAfter }: BucketOutcome) =>
  `"${name}";r=${remaining};t=${Math.ceil(resetAfter / 1000)}`
