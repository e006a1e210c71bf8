import type { Frame } from "../../../../views/fan/frame.tsx"
import type { Look } from "../../../../views/shared/look.ts"
import type { Admission } from "../../../admission.ts"
import { isFault } from "../../../fault.ts"
import type { openPollLimiter } from "../../../guard/poll-limiter.ts"
import type { AccountId } from "../../../ids.ts"
import type { Shop } from "../../api/shop.ts"
import type { Join } from "../../api/waiting-room/join.ts"
import { fanAddresses } from "../../core/assets.ts"
import type { Caller } from "../../core/caller.ts"
import type { Limit } from "../../core/limits.ts"
import { lookupReferrer } from "../../core/local-path.ts"
import { orPage, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { rowOf, saleIdIn, spending, type Address, type Asked } from "../row.ts"
import { notice } from "./notice.ts"
import { openWaitingSales, type WaitingSales } from "./waiting-sales.ts"

export type Given = {
  caller: Caller
  shop: Shop
  pollLimiter: ReturnType<typeof openPollLimiter>
  join: Join
}

export type FanParts = Parts & Given & { look: Look; waitingSales: WaitingSales }

export const openFan = (parts: Parts, given: Given): FanParts => ({
  ...parts,
  ...given,
  look: { currency: parts.config.currency, timeZone: parts.config.timeZone },
  waitingSales: openWaitingSales(parts),
})

export const frameOf = ({ caller }: FanParts, request: Request): Frame => ({
  assets: fanAddresses,
  signedIn: caller.visitor(request) !== undefined,
})

type Answer<Known extends unknown[]> = (parts: FanParts, asked: Asked, ...known: Known) => Response | Promise<Response>

/** A page whose refusals are pages that say what to do next. */
export const forAnybody = (parts: FanParts, address: Address, answer: Answer<[]>, limit: Limit = "none"): PageRoute =>
  rowOf(address, "anybody", limit, (asked) =>
    orNotice(parts, asked, async () => answer(parts, spending(parts.caller, limit, asked))),
  )

export const forScripts = (parts: FanParts, address: Address, answer: Answer<[]>, limit: Limit = "none"): PageRoute =>
  rowOf(address, "anybody", limit, (asked) => answer(parts, spending(parts.caller, limit, asked)))

/** For whoever is signed in; others are sent to sign in first and come back. */
export const forVisitor = (
  parts: FanParts,
  address: Address,
  answer: Answer<[accountId: AccountId]>,
  limit: Limit = "none",
): PageRoute =>
  rowOf(address, "visitor", limit, (asked) =>
    orNotice(parts, asked, () =>
      signedIn(parts, asked, async (accountId) =>
        answer(parts, spending(parts.caller, limit, asked, accountId), accountId),
      ),
    ),
  )

/** For whoever is inside; others go to the waiting room, which says why. */
export const forShopper = (
  parts: FanParts,
  address: Address,
  answer: Answer<[shopper: Admission]>,
  limit: Limit = "none",
): PageRoute =>
  rowOf(address, "shopper", limit, (asked) =>
    orNotice(parts, asked, () =>
      signedIn(parts, asked, (accountId) =>
        inside(parts, asked, accountId, async (shopper) =>
          answer(parts, spending(parts.caller, limit, asked, accountId), shopper),
        ),
      ),
    ),
  )

const orNotice = (parts: FanParts, { request }: PageAsked, answer: () => Promise<Response>) =>
  orPage(answer, (fault) => notice(frameOf(parts, request), fault))

const signedIn = async (
  { caller }: FanParts,
  { request }: PageAsked,
  answer: (accountId: AccountId) => Promise<Response>,
): Promise<Response> => {
  const accountId = caller.visitor(request)
  if (accountId !== undefined) return answer(accountId)
  const { pathname, search } = new URL(request.url)
  // A form cannot be sent again after signing in: the page it stands on can be seen again.
  const next = request.method === "GET" ? pathname + search : (lookupReferrer(request) ?? "/events")
  return seeOther(`/signin?${new URLSearchParams({ next }).toString()}`)
}

const inside = async (
  parts: FanParts,
  asked: PageAsked,
  accountId: AccountId,
  answer: (shopper: Admission) => Promise<Response>,
): Promise<Response> => {
  const saleId = saleIdIn(asked)
  const turn = await parts.waitingRoom.turn(saleId, accountId)
  if (turn.state !== "admitted") return seeOther(`/sales/${saleId}/wait`)
  const { admissionId, grantedAt, endsAt } = turn
  try {
    return await answer({ saleId, accountId, admissionId, grantedAt, endsAt })
  } catch (error) {
    if (isFault(error, "admission_required") || isFault(error, "admission_invalid"))
      return seeOther(`/sales/${saleId}/wait`)
    throw error
  }
}
