import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import { defaultSettings } from "../../../lab/model/settings.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute } from "../../core/route.ts"
import { Id, input } from "../../core/schemas.ts"

export const resetRoutes = ({ demo }: Pick<Parts, "demo">) => [
  apiRoute({
    method: "POST",
    path: "/v1/demo/reset",
    who: "demo",
    limit: "none",
    summary: "A fresh sale that is open now",
    tag: "demo",
    body: ResetInput,
    answers: { 200: t.Object({ sale_id: Id, message: t.String() }) },
    refuses: [503],
    handler: async ({ body }) => ({
      sale_id: await demo.prepare({
        admitPerMinute: body?.admit_per_minute ?? 600,
        waitingRoomCap: body?.waiting_room_cap ?? defaultSettings.waiting_room_cap,
        totalSeats: body?.total_seats ?? defaultSettings.total_seats,
        shopperCapacity: body?.shopper_capacity,
      }),
      message: "A fresh sale is open. Earlier sales go on as they are.",
    }),
  }),
]

const ResetInput = t.Optional(
  input({
    admit_per_minute: t.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
    waiting_room_cap: t.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    total_seats: t.Optional(Type.Integer({ minimum: 1, maximum: 200_000 })),
    shopper_capacity: t.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  }),
)
