import { parseId, type AccountId, type SaleId } from "../../ids.ts"
import type { Caller } from "../core/caller.ts"
import { isBudget, type Limit } from "../core/limits.ts"
import { pageRoute, type PageAsked, type PageHandler, type PageRoute, type Who } from "../core/route.ts"

export type Address = `${"GET" | "POST"} /${string}`

/** What a page is asked, with the budget of its row: a handler spends it once it knows that the form came from a page of ours. */
export type Asked = PageAsked & { spend(): Promise<void> }

export const rowOf = (address: Address, who: Who, limit: Limit, handler: PageHandler): PageRoute => {
  const [method, path] = address.split(" ") as ["GET" | "POST", `/${string}`]
  return pageRoute({ method, path, who, limit, body: method === "POST" ? "form" : "none", handler })
}

export const spending = (
  caller: Pick<Caller, "spend">,
  limit: Limit,
  asked: PageAsked,
  account?: AccountId,
): Asked => ({
  ...asked,
  spend: async () => {
    if (isBudget(limit)) await caller.spend(limit, asked.request, account)
  },
})

export const saleIdIn = ({ params }: PageAsked): SaleId => parseId<SaleId>(params["id"] ?? "", "The sale's id")
