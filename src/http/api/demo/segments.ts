import { Elysia, t } from "elysia"
import { Fault } from "../../../fault.ts"
import type { SaleId } from "../../../ids.ts"
import { auditLogLines } from "../../../lab/audit/audit-log.ts"
import { rfc3339 } from "../../../units.ts"
import { version } from "../../../version.ts"
import type { Caller } from "../../core/caller.ts"
import type { Parts } from "../../core/parts.ts"
import { answers, SaleParams, Time } from "../../core/schemas.ts"

const ClockView = t.Object({ now: Time, traffic_version: t.String() })

/** What machines that test this server from outside ask it: its clock before, its truth after. */
export const segmentRoutes = ({ boxOffice, clock, truth }: Parts, caller: Caller) => {
  let isReading = false
  return new Elysia({ name: "segments" })
    .get(
      "/v1/admin/clock",
      ({ request }) => {
        caller.admin(request)
        return { now: rfc3339(clock()), traffic_version: version }
      },
      {
        response: answers({ 200: ClockView }, 403, 503),
        detail: { summary: "The time of this server, for clocks that are compared with it", tags: ["operator"] },
      },
    )
    .get(
      "/v1/admin/sales/:id/audit-log",
      async ({ params, request }) => {
        caller.admin(request)
        const sale = await boxOffice.sales.find(params.id as SaleId)
        if (isReading)
          throw new Fault("overloaded", "Another audit log is being read; one at a time", {
            headers: { "retry-after": "5" },
          })
        isReading = true
        const done = () => void (isReading = false)
        try {
          return linesAnswer(auditLogLines(await truth(sale.saleId)), done)
        } catch (error) {
          done()
          throw error
        }
      },
      {
        params: SaleParams,
        detail: {
          summary:
            "Everything the stores say of a sale, one JSON line each; the last line says how many rows there were",
          tags: ["operator"],
          responses: {
            200: {
              description: "first the sale, then {in, row} for each row, last {end, rows}",
              content: { "application/x-ndjson": { schema: { type: "object" } } },
            },
            ...Object.fromEntries(
              [400, 403, 404, 503].map((status) => [
                status,
                {
                  description: "refused",
                  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
                },
              ]),
            ),
          },
        },
      },
    )
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
