import { t } from "elysia"
import { apiRoute } from "../../core/route.ts"
import { Id, input, Time } from "../../core/schemas.ts"
import { apiKey, type Operations } from "../operations.ts"
import { parseTime, Text } from "./sale-fields.ts"

export const adminEventRoutes = (operations: Pick<Operations, "createEvent">) => [
  apiRoute({
    method: "POST",
    path: "/v1/admin/events",
    who: "admin",
    limit: "none",
    summary: "Make an event",
    tag: "operator",
    body: EventInput,
    answers: { 201: t.Object({ event_id: Id }) },
    refuses: [503],
    handler: async ({ body }) => ({
      event_id: await operations.createEvent(apiKey, {
        name: body.name,
        venue: body.venue,
        city: body.city,
        category: body.category,
        startsAt: parseTime("starts_at", body.starts_at),
      }),
    }),
  }),
]

const EventInput = input({
  name: Text(200),
  venue: Text(200),
  city: t.Optional(Text(100)),
  category: t.Optional(Text(100)),
  starts_at: Time,
})
