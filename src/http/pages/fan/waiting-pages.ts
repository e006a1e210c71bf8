import { Elysia } from "elysia"
import { LRUCache } from "lru-cache"
import { WaitingPage, type Place, type PlaceState, type WaitingSale } from "../../../../views/fan/waiting-page.tsx"
import { Fault, isFault } from "../../../fault.ts"
import { parseId, type AccountId, type SaleId } from "../../../ids.ts"
import { rfc3339, seconds, type EpochMs } from "../../../units.ts"
import type { Snapshot } from "../../../waiting-room/waiting-room.ts"
import { fanAddresses } from "../../core/assets.ts"
import { requireSameOrigin } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import { aheadOf, pollAfterMs } from "../../api/waiting-room/status.ts"
import type { Fan } from "./visitor.ts"

const hide = { detail: { hide: true } }

export const waitingPages = (fan: Fan) => {
  const { waitingRoom, boxOffice, config } = fan.parts
  const sales = new LRUCache<SaleId, WaitingSale>({ max: 256, ttl: seconds(5) })

  /** What hardly changes; a crowd asks for it. @throws Fault sale_not_found */
  const saleOf = async (saleId: SaleId): Promise<WaitingSale> => {
    const known = sales.get(saleId)
    if (known) return known
    const sale = await boxOffice.sales.find(saleId)
    const [event, prices] = await Promise.all([boxOffice.events.find(sale.eventId), boxOffice.sales.prices(saleId)])
    const found = {
      saleId,
      eventName: event.name,
      venue: event.venue,
      startsAt: event.startsAt,
      queueOpensAt: sale.queueOpensAt,
      opensAt: sale.opensAt,
      minCents: prices.minCents,
      maxCents: prices.maxCents,
    }
    sales.set(saleId, found)
    return found
  }

  /** The same for everybody, so that a CDN can carry it; waiting.js asks for the place. */
  const show = async (saleId: SaleId) =>
    page(WaitingPage({ frame: { assets: fanAddresses }, look: fan.look, sale: await saleOf(saleId) }), {
      more: { "cache-control": config.mode === "production" ? "public, max-age=15" : "public, max-age=2" },
    })

  /** For browsers without JavaScript: one's own place, asked for again by the page itself. */
  const showPlace = async (request: Request, saleId: SaleId, refused?: PlaceState, status = 200) => {
    const sale = await saleOf(saleId)
    const place = await placeOf(saleId, fan.visitor(request), refused)
    return page(
      WaitingPage({
        frame: fan.frame(request),
        look: fan.look,
        sale,
        place,
        refreshAfterSec: refused === undefined ? refreshAfterSec(place) : undefined,
      }),
      { status },
    )
  }

  /** The same as data, for waiting.js: always 200, for to be told to wait is no error. */
  const tellPlace = async (request: Request, saleId: SaleId) => {
    const account = fan.visitor(request)
    const stayAwayMs = account === undefined ? 0 : fan.polls.take(account)
    const place: Place = stayAwayMs > 0 ? { state: "blocked" } : await placeOf(saleId, account)
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

  const placeOf = async (saleId: SaleId, account: AccountId | undefined, refused?: PlaceState): Promise<Place> => {
    const turn = account === undefined ? undefined : await waitingRoom.turn(saleId, account)
    const snapshot = waitingRoom.snapshot(saleId)
    if (turn?.state === "unknown_sale") throw new Fault("sale_not_found", `No sale is called ${saleId}`)
    const common = commonOf(snapshot)
    if (refused !== undefined) return { ...common, state: refused }
    if (turn?.state === "recovering") return { ...common, state: "recovering" }
    if (turn === undefined || turn.state === "not_in_queue") {
      const without = snapshot === undefined ? "join" : (stateWithoutPlace[snapshot.phase] ?? "join")
      return { ...common, state: turn === undefined && without === "join" ? "sign_in" : without }
    }
    if (turn.state === "admitted") return { ...common, state: "turn", turnEndsAt: turn.endsAt }
    if (snapshot?.phase === "closed") return { ...common, state: "closed" }
    // There is no other turn to ask for.
    if (turn.state === "used" && snapshot?.phase === "sold_out") return { ...common, state: "sold_out" }
    if (turn.state !== "waiting" || snapshot === undefined)
      return { ...common, state: turn.state === "waiting" ? "recovering" : turn.state }
    const ahead = aheadOf(turn.position, snapshot)
    const { p50, p90 } = snapshot.waitMsPerPosition
    return {
      ...common,
      state: "waiting",
      position: turn.position,
      ahead,
      waitMs: { p50: ahead * p50, p90: ahead * p90 },
    }
  }

  const join = async (request: Request, saleId: SaleId, account: AccountId) => {
    requireSameOrigin(request)
    try {
      const { state } = await waitingRoom.turn(saleId, account)
      await fan.join(request, saleId)
      // The page is the same for everybody: that one has asked for another turn is told by the address alone.
      return seeOther(`/sales/${saleId}/wait${state === "used" ? "#asked" : ""}`)
    } catch (error) {
      if (!isFault(error)) throw error
      if (error.code === "sale_closed") return seeOther(`/sales/${saleId}/wait`)
      const state = refusals[error.code]
      if (state === undefined) throw error
      return showPlace(request, saleId, state, error.status)
    }
  }

  const saleIn = (id: string) => parseId<SaleId>(id, "The sale's id")
  return new Elysia({ name: "waiting-pages" })
    .get("/sales/:id", ({ params }) => seeOther(`/sales/${encodeURIComponent(params.id)}/wait`), hide)
    .get("/sales/:id/wait", ({ request, params }) => fan.orNotice(request, () => show(saleIn(params.id))), hide)
    .get(
      "/sales/:id/place",
      ({ request, params }) => fan.orNotice(request, () => showPlace(request, saleIn(params.id))),
      hide,
    )
    .get("/sales/:id/place.json", ({ request, params }) => tellPlace(request, saleIn(params.id)), hide)
    .post(
      "/sales/:id/join",
      ({ request, params }) =>
        fan.orNotice(request, () => fan.signedIn(request, (account) => join(request, saleIn(params.id), account))),
      hide,
    )
}

const commonOf = (snapshot: Snapshot | undefined) =>
  snapshot === undefined
    ? {}
    : {
        phase: snapshot.phase,
        message: snapshot.message,
        nowServing: snapshot.nowServing,
        seatsLeft: snapshot.stock.total === 0 ? undefined : snapshot.stock.available + snapshot.stock.held,
        takenAt: snapshot.takenAt,
      }

const stateWithoutPlace: Partial<Record<Snapshot["phase"], PlaceState>> = {
  scheduled: "early",
  sold_out: "sold_out",
  closed: "closed",
}

const refusals: Partial<Record<Fault["code"], PlaceState>> = {
  room_full: "full",
  rate_limited: "blocked",
  waiting_room_recovering: "recovering",
  waiting_room_busy: "recovering",
}

/** Whoever has shopped is in no hurry; the next turn is long enough to be seen in time. */
const askAgainAfterMs = ({ state, waitMs }: Place) => pollAfterMs(state === "used" ? seconds(100) : (waitMs?.p50 ?? 0))

/** As a poll would be told, but no sooner than a page can be read. */
const refreshAfterSec = (place: Place) => {
  if (["sign_in", "join", "turn", "closed"].includes(place.state)) return undefined
  return Math.max(5, Math.round(askAgainAfterMs(place) / 1000))
}
