import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import { Fault } from "../../../fault.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute, media } from "../../core/route.ts"
import { input } from "../../core/schemas.ts"

export const fansMax = 20_000
const fansMintedAtOnce = 500

export const fanRoutes = ({ demo }: Pick<Parts, "demo">) => [
  apiRoute({
    method: "POST",
    path: "/v1/demo/fans",
    who: "demo",
    limit: "none",
    summary: "Accounts without passwords, one JSON line each",
    tag: "demo",
    body: input({ count: Type.Integer({ minimum: 1, maximum: fansMax }) }),
    answers: { 201: media("application/x-ndjson", t.Object({ user_id: t.String(), token: t.String() })) },
    refuses: [503],
    handler: ({ body }) => fansAnswer(demo.fans, body.count),
  }),
]

/** Minted as they are read, so that 20,000 of them never lie in memory at once. The first come before the status is sent. */
const fansAnswer = async (mint: Parts["demo"]["fans"], count: number) => {
  const encoder = new TextEncoder()
  let left = count
  const batch = async () => {
    const fans = await mint(Math.min(left, fansMintedAtOnce))
    if (fans.length === 0) throw new Fault("store_away", "No account could be made at this moment")
    left -= fans.length
    return encoder.encode(fans.map((each) => `${JSON.stringify(each)}\n`).join(""))
  }
  const first = await batch()
  const lines = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(first)
      if (left === 0) controller.close()
    },
    pull: async (controller) => {
      controller.enqueue(await batch())
      if (left === 0) controller.close()
    },
  })
  return new Response(lines, {
    status: 201,
    headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
  })
}
