import { t } from "elysia"
import { Fault } from "../../../fault.ts"
import type { SaleId } from "../../../ids.ts"
import { auditLogLines } from "../../../lab/audit/audit-log.ts"
import { rfc3339 } from "../../../units.ts"
import { version } from "../../../version.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute, media } from "../../core/route.ts"
import { SaleParams, Time } from "../../core/schemas.ts"

/** What machines that test this server from outside ask it: its clock before, its truth after. */
export const segmentRoutes = ({ boxOffice, clock, truth }: Pick<Parts, "boxOffice" | "clock" | "truth">) => {
  const reader = openReader()
  return [
    apiRoute({
      method: "GET",
      path: "/v1/admin/clock",
      who: "admin",
      limit: "none",
      summary: "The time of this server, for clocks that are compared with it",
      tag: "operator",
      body: "none",
      answers: { 200: t.Object({ now: Time, traffic_version: t.String() }) },
      refuses: [503],
      handler: () => ({ now: rfc3339(clock()), traffic_version: version }),
    }),
    apiRoute({
      method: "GET",
      path: "/v1/admin/sales/:id/audit-log",
      who: "admin",
      limit: "none",
      work: "rest",
      summary: "Everything the stores say of a sale, one JSON line each; the last line says how many rows there were",
      tag: "operator",
      params: SaleParams,
      body: "none",
      answers: { 200: media("application/x-ndjson", { type: "object" }) },
      refuses: [404, 503],
      handler: async ({ params }) => {
        const { saleId } = await boxOffice.sales.find(params.id as SaleId)
        return reader.answer(async () => auditLogLines(await truth(saleId)))
      },
    }),
  ]
}

/** One log is read at a time, for the truth of a big sale fills memory. */
const openReader = () => {
  let isReading = false
  const done = () => void (isReading = false)
  return {
    answer: async (read: () => Promise<Generator<string>>) => {
      if (isReading)
        throw new Fault("overloaded", "Another audit log is being read; one at a time", {
          headers: { "retry-after": "5" },
        })
      isReading = true
      try {
        return linesAnswer(await read(), done)
      } catch (error) {
        done()
        throw error
      }
    },
  }
}

/** Written as it is read, some lines at a time, so that the text never lies in memory as a whole. `over` is called at the end, or when nobody reads on. */
const linesAnswer = (lines: Generator<string>, over: () => void) => {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      let text = ""
      for (let left = linesAtOnce; left > 0; left--) {
        const { value, done } = lines.next()
        if (done) {
          if (text !== "") controller.enqueue(encoder.encode(text))
          over()
          return controller.close()
        }
        text += `${value}\n`
      }
      controller.enqueue(encoder.encode(text))
    },
    cancel: over,
  })
  return new Response(body, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } })
}

const linesAtOnce = 1000
