import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import { idPattern } from "../../ids.ts"

const strict = { additionalProperties: false }

export const Id = t.String({ pattern: idPattern, description: "ULID" })
export const Time = t.String({ format: "date-time", description: "RFC 3339, UTC" })
export const Count = Type.Integer({ minimum: 0 })
export const Price = Type.Integer({ minimum: 0, description: "cents" })
export const Key = t.String({
  minLength: 1,
  maxLength: 128,
  description: "idempotency key, chosen by the client, one per intent",
})
export const Phase = t.Union([
  t.Literal("scheduled"),
  t.Literal("queueing"),
  t.Literal("open"),
  t.Literal("paused"),
  t.Literal("sold_out"),
  t.Literal("closed"),
])

export const Problem = t.Object(
  {
    type: t.String(),
    title: t.String(),
    status: Type.Integer(),
    detail: t.String(),
    instance: t.String(),
    code: t.String(),
  },
  { description: "RFC 9457 problem document", additionalProperties: true },
)

export const input = <T extends Parameters<typeof t.Object>[0]>(members: T) => t.Object(members, strict)

export const SaleParams = t.Object({ id: Id })
