import { t } from "elysia"
import type { AccountId } from "../../ids.ts"
import type { Parts } from "../core/parts.ts"
import { apiRoute } from "../core/route.ts"
import { Id, input } from "../core/schemas.ts"

type Used = Pick<Parts, "accounts" | "tokens">

export const accountRoutes = (parts: Used) => [
  apiRoute({
    method: "POST",
    path: "/v1/auth/register",
    who: "anybody",
    limit: "sign-ins",
    summary: "Make an account",
    tag: "accounts",
    body: Credentials,
    answers: { 201: Session },
    refuses: [409, 503],
    handler: async ({ body }) => sessionOf(parts, await parts.accounts.register(body.email, body.password)),
  }),
  apiRoute({
    method: "POST",
    path: "/v1/auth/login",
    who: "anybody",
    limit: "sign-ins",
    summary: "Sign in",
    tag: "accounts",
    body: Credentials,
    answers: { 200: Session },
    refuses: [401, 503],
    handler: async ({ body }) => sessionOf(parts, await parts.accounts.login(body.email, body.password)),
  }),
]

const Credentials = input({
  email: t.String({ minLength: 3, maxLength: 254 }),
  password: t.String({ minLength: 1, maxLength: 128 }),
})
const Session = t.Object({ user_id: Id, token: t.String() })

const sessionOf = async ({ tokens }: Used, accountId: AccountId) => ({
  user_id: accountId,
  token: await tokens.signAccount(accountId),
})
