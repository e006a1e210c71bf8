import type { Config } from "../../config.ts"
import type { Policy } from "../../guard/policy.ts"
import { minutes } from "../../units.ts"

/** What a route counts, if anything. Budgets hold over all nodes; polls and streams are bounded within a process. */
export type Limit = Budget | "polls" | "streams" | "none"
export type Budget = "joins" | "sign-ins" | "operator sign-ins" | "holds" | "checkouts"

export const isBudget = (limit: Limit): limit is Budget => limit !== "polls" && limit !== "streams" && limit !== "none"

export type BudgetPolicy = Policy & { per: "address" | "account" }

export const budgetsOf = (config: Config): Record<Budget, BudgetPolicy> => ({
  joins: perMinute("joins", "address", config.joinsPerAddressPerMin),
  "sign-ins": perMinute("sign-ins", "address", config.signInsPerAddressPerMin),
  "operator sign-ins": perMinute("operator sign-ins", "address", config.signInsPerAddressPerMin),
  holds: perMinute("holds", "account", config.holdsPerAccountPerMin),
  checkouts: perMinute("checkouts", "account", config.checkoutsPerAccountPerMin),
})

const perMinute = (name: Budget, per: BudgetPolicy["per"], limit: number): BudgetPolicy => ({
  name,
  per,
  limit,
  window: minutes(1),
})
