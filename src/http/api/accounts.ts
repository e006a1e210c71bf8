import { Elysia, t } from "elysia"
import type { AccountId } from "../../ids.ts"
import { minutes } from "../../units.ts"
import type { Caller } from "../core/caller.ts"
import type { Parts } from "../core/parts.ts"
import { answers, Id, input } from "../core/schemas.ts"

const Credentials = input({
  email: t.String({ minLength: 3, maxLength: 254 }),
  password: t.String({ minLength: 1, maxLength: 128 }),
})
const Session = t.Object({ user_id: Id, token: t.String() })

export const accountRoutes = ({ accounts, tokens, config }: Parts, caller: Caller) => {
  const signIns = { name: "sign-ins", limit: config.signInsPerAddressPerMin, window: minutes(1) }
  const session = async (accountId: AccountId) => ({ user_id: accountId, token: await tokens.signAccount(accountId) })
  return new Elysia({ name: "accounts" })
    .post(
      "/v1/auth/register",
      async ({ body, request, status, set }) => {
        await caller.limitAddress(signIns, request, set.headers)
        return status(201, await session(await accounts.register(body.email, body.password)))
      },
      {
        body: Credentials,
        response: answers({ 201: Session }, 400, 409, 413, 415, 429, 503),
        detail: { summary: "Make an account", tags: ["accounts"] },
      },
    )
    .post(
      "/v1/auth/login",
      async ({ body, request, set }) => {
        await caller.limitAddress(signIns, request, set.headers)
        return session(await accounts.login(body.email, body.password))
      },
      {
        body: Credentials,
        response: answers({ 200: Session }, 400, 401, 413, 415, 429, 503),
        detail: { summary: "Sign in", tags: ["accounts"] },
      },
    )
}
