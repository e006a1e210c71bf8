import type { Place, PlaceState } from "../../../../views/fan/place.ts"
import { WaitingPage } from "../../../../views/fan/waiting-page.tsx"
import { isFault, type Fault } from "../../../fault.ts"
import type { AccountId } from "../../../ids.ts"
import { rfc3339, type EpochMs } from "../../../units.ts"
import { fanAddresses } from "../../core/assets.ts"
import { requireSameOrigin } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { saleIdIn } from "../row.ts"
import { askAgainAfterMs, placeOf, refreshAfterSec } from "./place.ts"
import { lookupReceipt, receiptCookie, restorePlace } from "./receipt.ts"
import { forAnybody, forScripts, forVisitor, frameOf, type FanParts } from "./parts.ts"

export const waitingPages = (parts: FanParts): PageRoute[] => [
  forAnybody(parts, "GET /sales/:id", toWaiting),
  forAnybody(parts, "GET /sales/:id/wait", show),
  forAnybody(parts, "GET /sales/:id/place", showPlace),
  forScripts(parts, "GET /sales/:id/place.json", tellPlace, "polls"),
  forVisitor(parts, "POST /sales/:id/join", join, "joins"),
]

const toWaiting = (_: FanParts, { params }: PageAsked) =>
  seeOther(`/sales/${encodeURIComponent(params["id"] ?? "")}/wait`)

/** The same for everybody, so that a CDN can carry it; waiting.js asks for the place. */
const show = async ({ config, look, waitingSales }: FanParts, asked: PageAsked) => {
  const sale = await waitingSales.find(saleIdIn(asked))
  return page(WaitingPage({ frame: { assets: fanAddresses }, look, sale }), {
    more: { "cache-control": config.mode === "production" ? "public, max-age=15" : "public, max-age=2" },
  })
}

const showPlace = async (parts: FanParts, asked: PageAsked, refused?: { state: PlaceState; status: number }) => {
  const saleId = saleIdIn(asked)
  const sale = await parts.waitingSales.find(saleId)
  const account = parts.caller.visitor(asked.request)
  const receipt = await restorePlace(parts, asked.request, saleId, account)
  const place = { ...(await placeOf(parts, saleId, account, refused?.state)), receipt }
  return page(
    WaitingPage({
      frame: frameOf(parts, asked.request),
      look: parts.look,
      sale,
      place,
      refreshAfterSec: refused === undefined ? refreshAfterSec(place) : undefined,
    }),
    { status: refused?.status ?? 200 },
  )
}

/** The same as data, for waiting.js: always 200, because being told to wait is no error. */
const tellPlace = async (parts: FanParts, asked: PageAsked) => {
  const saleId = saleIdIn(asked)
  const account = parts.caller.visitor(asked.request)
  const stayAwayMs = account === undefined ? 0 : parts.pollLimiter.take(account)
  const receipt = stayAwayMs > 0 ? undefined : await restorePlace(parts, asked.request, saleId, account)
  const place: Place = stayAwayMs > 0 ? { state: "blocked" } : await placeOf(parts, saleId, account)
  return Response.json(
    {
      state: place.state,
      position: place.position ?? null,
      receipt: receipt ?? null,
      ahead: place.ahead ?? null,
      wait_ms: place.waitMs ?? null,
      turn_ends_at: place.turnEndsAt === undefined ? null : rfc3339(place.turnEndsAt as EpochMs),
      retry_after_ms: stayAwayMs > 0 ? stayAwayMs + 1000 : askAgainAfterMs(place),
    },
    { headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" } },
  )
}

const join = async (parts: FanParts, asked: PageAsked, account: AccountId) => {
  const saleId = saleIdIn(asked)
  requireSameOrigin(asked.request)
  try {
    const { state } = await parts.waitingRoom.turn(saleId, account)
    const kept = lookupReceipt(parts, asked.request, saleId, account)?.text
    const joined = (await (await parts.join(asked.request, saleId, account, kept)).json()) as { receipt: string }
    // The page is the same for everybody, so the address alone says that another turn was asked for.
    return seeOther(`/sales/${saleId}/wait${state === "used" ? "#asked" : ""}`, {
      "set-cookie": receiptCookie(parts, saleId, joined.receipt),
    })
  } catch (error) {
    if (!isFault(error)) throw error
    if (error.code === "sale_closed") return seeOther(`/sales/${saleId}/wait`)
    const state = refusals[error.code]
    if (state === undefined) throw error
    return showPlace(parts, asked, { state, status: error.status })
  }
}

const refusals: Partial<Record<Fault["code"], PlaceState>> = {
  room_full: "full",
  rate_limited: "blocked",
  waiting_room_recovering: "recovering",
  waiting_room_busy: "recovering",
}
