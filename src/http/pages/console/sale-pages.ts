import { Elysia } from "elysia"
import { ConfirmPage } from "../../../../views/console/confirm-page.tsx"
import { LogPage } from "../../../../views/console/log-page.tsx"
import { NewSalePage, type SaleForm } from "../../../../views/console/new-sale-page.tsx"
import {
  markOf,
  SaleControls,
  SaleFigures,
  SalePage,
  type SaleHead,
  type SaleLive,
} from "../../../../views/console/sale-page.tsx"
import { SalesPage } from "../../../../views/console/sales-page.tsx"
import { whole } from "../../../../views/shared/words.ts"
import { Fault, isFault } from "../../../fault.ts"
import { parseId, type SaleId } from "../../../ids.ts"
import { epochMs } from "../../../units.ts"
import { phaseNow } from "../../core/phase.ts"
import { readForm } from "../../core/form.ts"
import type { LiveChange } from "../../api/operations.ts"
import { fragment, page, seeOther } from "../../core/page.ts"
import type { Desk } from "./operator.ts"
import { emptyForm, parseSaleForm, readSaleForm, wrongIn } from "./sale-form.ts"

const hide = { detail: { hide: true } }

/** Sales as an organiser sees and moves them. */
export const salePages = (desk: Desk) => {
  const { parts, look, operations } = desk
  const { boxOffice, waitingRoom, clock } = parts
  const saleIn = (text: string) => parseId<SaleId>(text, "The sale's id")

  const list = async (operator: string) => {
    const sales = await boxOffice.ledger.sales()
    return page(
      SalesPage({
        frame: desk.frame(operator),
        look,
        eventMode: boxOffice.switches.isOn("event_mode"),
        now: clock(),
        sales: sales.map((sale) => {
          const seen = waitingRoom.snapshot(sale.saleId)
          return {
            saleId: sale.saleId,
            eventName: sale.eventName,
            venue: sale.venue,
            opensAt: sale.opensAt,
            phase: seen?.phase ?? "closed",
            waiting: seen?.waiting ?? 0,
            shoppers: seen?.shoppers ?? 0,
            sold: sale.sold,
            total: sale.total,
          }
        }),
      }),
    )
  }

  const showNew = (operator: string, form: SaleForm, fault?: Fault) =>
    page(
      NewSalePage({
        frame: desk.frame(operator),
        timeZone: look.timeZone,
        form,
        ...(fault && wrongIn(fault)),
      }),
      { status: fault?.status ?? 200 },
    )

  const create = async (request: Request, operator: string) => {
    const form = await readSaleForm(request)
    try {
      const { event, sale } = parseSaleForm(form, look.timeZone)
      const made = await operations.createEventWithSale(operator, event, sale)
      return seeOther(`/console/sales/${made.saleId}`)
    } catch (error) {
      if (!isFault(error)) throw error
      return showNew(operator, form, error)
    }
  }

  const liveOf = async (saleId: SaleId): Promise<SaleLive> => {
    const [sale, stats, minutesSold, alarm] = await Promise.all([
      boxOffice.sales.find(saleId),
      boxOffice.sales.stats(saleId),
      boxOffice.ledger.minutes(saleId, epochMs(clock() - 60 * 60_000)),
      waitingRoom.lookupAlarm(saleId),
    ])
    const seen = waitingRoom.snapshot(saleId)
    return {
      saleId,
      phase: phaseNow(parts, sale, stats.seatsAvailable + stats.seatsHeld),
      paused: sale.paused,
      queueOpensAt: sale.queueOpensAt,
      opensAt: sale.opensAt,
      waiting: seen?.waiting ?? 0,
      joined: seen?.joined ?? 0,
      nowServing: seen?.nowServing ?? 0,
      shoppers: seen?.shoppers ?? 0,
      measuredPerMinute: seen?.measuredPerMinute ?? 0,
      available: stats.seatsAvailable,
      held: stats.seatsHeld,
      sold: stats.ticketsSold,
      total: stats.seatsTotal,
      revenueCents: stats.revenueCents,
      orders: stats.orders,
      buyers: stats.uniqueBuyers,
      message: sale.message,
      admitPerMinute: sale.admitPerMinute,
      shopperCapacity: sale.shopperCapacity,
      waitingRoomCap: sale.waitingRoomCap,
      recovering: seen?.recovering ?? false,
      alarm,
      now: clock(),
      minutes: minutesSold,
    }
  }

  const headOf = async (saleId: SaleId): Promise<SaleHead> => {
    const sale = await boxOffice.sales.find(saleId)
    const event = await boxOffice.events.find(sale.eventId)
    return {
      saleId,
      eventId: event.eventId,
      eventName: event.name,
      venue: event.venue,
      startsAt: event.startsAt,
      endsAt: sale.endsAt,
    }
  }

  const show = async (operator: string, saleId: SaleId, fault?: Fault) => {
    const [head, live, log] = await Promise.all([
      headOf(saleId),
      liveOf(saleId),
      boxOffice.operatorLog.list({ saleId, limit: 20 }),
    ])
    return page(SalePage({ frame: desk.frame(operator), look, head, live, log, error: fault?.message }), {
      status: fault?.status ?? 200,
    })
  }

  /** What a page that is open shows anew; how the sale stands only when it is not as the page has `seen` it. */
  const update = async (saleId: SaleId, seen: string | undefined) => {
    const live = await liveOf(saleId)
    const parts = [SaleFigures({ live, look })]
    if (markOf(live) !== seen) parts.push(SaleControls({ live, look, swapped: true }))
    return fragment(...parts)
  }

  /** Looked over first, done when it is sent again with `sure`. */
  const change = async (request: Request, operator: string, saleId: SaleId) => {
    const fields = await readForm(request)
    try {
      const patch = parseChange(fields)
      if (fields["sure"] === "yes") {
        await operations.change(operator, saleId, patch)
        return seeOther(`/console/sales/${saleId}`)
      }
      const live = await liveOf(saleId)
      const lines = consequences(live, patch)
      if (lines.length === 0) return seeOther(`/console/sales/${saleId}`)
      return page(
        ConfirmPage({
          frame: desk.frame(operator),
          back: `/console/sales/${saleId}`,
          about: (await headOf(saleId)).eventName,
          heading: "Change the running sale?",
          lines,
          action: `/console/sales/${saleId}/change`,
          fields: { ...fields, sure: "yes" },
          label: "Change it now",
        }),
      )
    } catch (error) {
      if (!isFault(error, "invalid_input")) throw error
      return show(operator, saleId, error)
    }
  }

  const ask = async (operator: string, saleId: SaleId, deed: Deed, error?: string) => {
    const [live, { eventName }] = await Promise.all([liveOf(saleId), headOf(saleId)])
    const { heading, lines, label } = deeds[deed]
    return page(
      ConfirmPage({
        frame: desk.frame(operator),
        back: `/console/sales/${saleId}`,
        about: eventName,
        heading,
        lines: lines(live),
        action: `/console/sales/${saleId}/${deed}`,
        fields: {},
        label,
        typed: deed === "stop" ? "STOP" : undefined,
        danger: deed === "stop",
        error,
      }),
      { status: error === undefined ? 200 : 400 },
    )
  }

  const act = async (request: Request, operator: string, saleId: SaleId, deed: Deed) => {
    const { typed } = await readForm(request)
    if (deed === "stop" && typed?.trim() !== "STOP")
      return ask(operator, saleId, deed, "Type STOP, in capitals, to stop the sale.")
    await operations[deed](operator, saleId)
    return seeOther(`/console/sales/${saleId}`)
  }

  const askEventMode = async (operator: string) => {
    const isOn = boxOffice.switches.isOn("event_mode")
    return page(
      ConfirmPage({
        frame: desk.frame(operator),
        back: "/console/sales",
        heading: isOn ? "Switch event mode off?" : "Switch event mode on?",
        lines: isOn
          ? ["Search, live seat maps, streams and the load lab work again."]
          : [
              "The search for words, the live seat map, event streams and the load lab are switched off, so that nothing takes time from the sale.",
              "Joining, waiting, holding, paying and tickets work as before; waiting pages ask for the board instead of a stream.",
              "It holds for all sales and all nodes, within two seconds.",
            ],
        action: "/console/event-mode",
        fields: { on: isOn ? "no" : "yes" },
        label: isOn ? "Switch it off" : "Switch it on",
      }),
    )
  }

  const setEventMode = async (request: Request, operator: string) => {
    const { on } = await readForm(request)
    await operations.setEventMode(operator, on === "yes")
    return seeOther("/console/sales")
  }

  const routes = new Elysia({ name: "sale-pages" })
    .get("/console/sales", ({ request }) => desk.page(request, list), hide)
    .get(
      "/console/sales/new",
      ({ request }) => desk.page(request, async (operator) => showNew(operator, emptyForm())),
      hide,
    )
    .post("/console/sales/new", ({ request }) => desk.page(request, (operator) => create(request, operator)), hide)
    .get(
      "/console/sales/:id",
      ({ request, params }) => desk.page(request, (operator) => show(operator, saleIn(params.id))),
      hide,
    )
    .get(
      "/console/sales/:id/live",
      ({ request, params, query }) => desk.page(request, () => update(saleIn(params.id), query["seen"])),
      hide,
    )
    .post(
      "/console/sales/:id/clear-alarm",
      ({ request, params }) =>
        desk.page(request, async (operator) => {
          await readForm(request)
          await operations.clearAlarm(operator, saleIn(params.id))
          return seeOther(`/console/sales/${params.id}`)
        }),
      hide,
    )
    .get("/console/event-mode", ({ request }) => desk.page(request, askEventMode), hide)
    .post(
      "/console/event-mode",
      ({ request }) => desk.page(request, (operator) => setEventMode(request, operator)),
      hide,
    )
    .post(
      "/console/sales/:id/change",
      ({ request, params }) => desk.page(request, (operator) => change(request, operator, saleIn(params.id))),
      hide,
    )
    .get(
      "/console/log",
      ({ request }) =>
        desk.page(request, async (operator) =>
          page(LogPage({ frame: desk.frame(operator), look, lines: await boxOffice.operatorLog.list({ limit: 500 }) })),
        ),
      hide,
    )
  for (const deed of ["pause", "resume", "stop"] as const)
    routes
      .get(
        `/console/sales/:id/${deed}`,
        ({ request, params }) => desk.page(request, (operator) => ask(operator, saleIn(params.id), deed)),
        hide,
      )
      .post(
        `/console/sales/:id/${deed}`,
        ({ request, params }) => desk.page(request, (operator) => act(request, operator, saleIn(params.id), deed)),
        hide,
      )
  return routes
}

type Deed = "pause" | "resume" | "stop"

const deeds: Record<Deed, { heading: string; lines: (live: SaleLive) => string[]; label: string }> = {
  pause: {
    heading: "Pause the sale?",
    lines: ({ waiting, shoppers }) => [
      `Waiting: ${whole(waiting)}. They read within seconds that the sale is paused.`,
      `Shopping: ${whole(shoppers)}. They go on; nobody else is called.`,
      "Every place, admission and hold stays.",
    ],
    label: "Pause it now",
  },
  resume: {
    heading: "Resume the sale?",
    lines: ({ waiting, admitPerMinute }) => [
      `Waiting: ${whole(waiting)}. Up to ${whole(admitPerMinute)} of them are called a minute from now on.`,
    ],
    label: "Resume it now",
  },
  stop: {
    heading: "Stop the sale for good?",
    lines: ({ waiting, shoppers, available }) => [
      `Waiting: ${whole(waiting)}. They are told that the sale is over; their places are worth nothing any more.`,
      `Shopping: ${whole(shoppers)}. What they hold can still be paid, nothing new can be held.`,
      `Seats that stay unsold: ${whole(available)}. A stopped sale cannot be opened again; a new one can be made.`,
      "To gain time, pause it instead.",
    ],
    label: "Stop the sale for good",
  },
}

const parseChange = (fields: Record<string, string>): Required<LiveChange> => {
  const number = (name: string, words: string) => {
    const text = (fields[name] ?? "").trim()
    if (!/^[1-9]\d{0,7}$/.test(text))
      throw new Fault("invalid_input", `${words} must be a whole number from 1`, { facts: { field: name } })
    return Number(text)
  }
  return {
    admitPerMinute: number("admit_per_minute", "Let in a minute"),
    shopperCapacity: number("shopper_capacity", "Shoppers at one time"),
    waitingRoomCap: number("waiting_room_cap", "Places in the waiting room"),
    message: (fields["message"] ?? "").replace(/\s+/g, " ").trim(),
  }
}

/** What fans will feel, a sentence for each thing that differs. */
const consequences = (live: SaleLive, patch: Required<LiveChange>): string[] => {
  const lines: string[] = []
  if (patch.admitPerMinute !== live.admitPerMinute) {
    const [after, before] = [patch, live].map((each) => minutesText(live.waiting / each.admitPerMinute))
    lines.push(
      `Up to ${whole(patch.admitPerMinute)} people a minute are let in instead of ${whole(live.admitPerMinute)}${after === before ? "" : `: for the last of ${whole(live.waiting)} that is a wait of ${after} or more instead of ${before}`}.`,
    )
  }
  if (patch.shopperCapacity !== live.shopperCapacity)
    lines.push(
      `${whole(patch.shopperCapacity)} may shop at one time instead of ${whole(live.shopperCapacity)}${patch.shopperCapacity < live.shoppers ? `; ${whole(live.shoppers)} do now and stay, nobody is called until places come free` : ""}.`,
    )
  if (patch.waitingRoomCap !== live.waitingRoomCap)
    lines.push(
      `${whole(patch.waitingRoomCap)} may wait at one time instead of ${whole(live.waitingRoomCap)}${patch.waitingRoomCap < live.waiting ? "; nobody who waits loses the place, nobody new is taken" : ""}.`,
    )
  if (patch.message !== live.message)
    lines.push(
      patch.message === ""
        ? "The message to everybody who waits goes away."
        : `Everybody who waits reads: ${patch.message}`,
    )
  return lines
}

const minutesText = (minutes: number) => (minutes < 1 ? "less than a minute" : `${whole(Math.ceil(minutes))} min`)
