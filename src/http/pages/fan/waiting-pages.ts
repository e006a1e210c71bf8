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
import { forAnybody, forScripts, forVisitor, frameOf, type Fan } from "./visitor.ts"

export const waitingPages = (fan: Fan): PageRoute[] => [
  forAnybody(fan, "GET /sales/:id", toWaiting),
  forAnybody(fan, "GET /sales/:id/wait", show),
  forAnybody(fan, "GET /sales/:id/place", showPlace),
  forScripts(fan, "GET /sales/:id/place.json", tellPlace, "polls"),
  forVisitor(fan, "POST /sales/:id/join", join, "joins"),
]

const toWaiting = (_: Fan, { params }: PageAsked) => seeOther(`/sales/${encodeURIComponent(params["id"] ?? "")}/wait`)

/** The same for everybody, so that a CDN can carry it; waiting.js asks for the place. */
const show = async ({ parts, look, waitingSales }: Fan, asked: PageAsked) => {
  const sale = await waitingSales.find(saleIdIn(asked))
  return page(WaitingPage({ frame: { assets: fanAddresses }, look, sale }), {
    more: { "cache-control": parts.config.mode === "production" ? "public, max-age=15" : "public, max-age=2" },
  })
}

/** For browsers without JavaScript: one's own place, asked for again by the page itself. */
const showPlace = async (fan: Fan, asked: PageAsked, refused?: { state: PlaceState; status: number }) => {
  const saleId = saleIdIn(asked)
  const sale = await fan.waitingSales.find(saleId)
  const place = await placeOf(fan.parts, saleId, fan.caller.visitor(asked.request), refused?.state)
  return page(
    WaitingPage({
      frame: frameOf(fan, asked.request),
      look: fan.look,
      sale,
      place,
      refreshAfterSec: refused === undefined ? refreshAfterSec(place) : undefined,
    }),
    { status: refused?.status ?? 200 },
  )
}

/** The same as data, for waiting.js: always 200, for to be told to wait is no error. */
const tellPlace = async ({ parts, caller, pollLimiter }: Fan, asked: PageAsked) => {
  const saleId = saleIdIn(asked)
  const account = caller.visitor(asked.request)
  const stayAwayMs = account === undefined ? 0 : pollLimiter.take(account)
  const place: Place = stayAwayMs > 0 ? { state: "blocked" } : await placeOf(parts, saleId, account)
  return Response.json(
    {
      state: place.state,
      position: place.position ?? null,
      ahead: place.ahead ?? null,
      wait_ms: place.waitMs ?? null,
      turn_ends_at: place.turnEndsAt === undefined ? null : rfc3339(place.turnEndsAt as EpochMs),
      retry_after_ms: stayAwayMs > 0 ? stayAwayMs + 1000 : askAgainAfterMs(place),
    },
    { headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" } },
  )
}

const join = async (fan: Fan, asked: PageAsked, account: AccountId) => {
  const saleId = saleIdIn(asked)
  requireSameOrigin(asked.request)
  try {
    const { state } = await fan.parts.waitingRoom.turn(saleId, account)
    await fan.join(asked.request, saleId)
    // The page is the same for everybody: that one has asked for another turn is told by the address alone.
    return seeOther(`/sales/${saleId}/wait${state === "used" ? "#asked" : ""}`)
  } catch (error) {
    if (!isFault(error)) throw error
    if (error.code === "sale_closed") return seeOther(`/sales/${saleId}/wait`)
    const state = refusals[error.code]
    if (state === undefined) throw error
    return showPlace(fan, asked, { state, status: error.status })
  }
}

const refusals: Partial<Record<Fault["code"], PlaceState>> = {
  room_full: "full",
  rate_limited: "blocked",
  waiting_room_recovering: "recovering",
  waiting_room_busy: "recovering",
}
