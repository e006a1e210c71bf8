import type { Admission } from "../../admission.ts"
import type { Static, TSchema } from "elysia"
import type { AccountId, SaleId } from "../../ids.ts"
import type { AnswerHeaders } from "./caller.ts"
import type { Limit } from "./limits.ts"
import type { Work } from "./work.ts"

/**
 * Who may ask. Programs: an account's token, an admission of the sale in the path, the operator's key, the demo key where one is set.
 * People: a visitor has signed in, a shopper is a visitor whose turn it is, an operator has signed in to the console.
 */
export type Who = "anybody" | "account" | "admission" | "admin" | "demo" | "visitor" | "shopper" | "operator"

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
type Common = {
  method: Method
  path: `/${string}`
  who: Who
  limit: Limit
  /** What it is worth under overload, where that is not what the rest of the row says. */
  work?: Work
}

export type Media = { media: string; schema: object }
export type Answers = Record<number, TSchema | Media>

export type Described = {
  summary: string
  tag: "operation" | "accounts" | "events" | "waiting room" | "shop" | "tickets" | "operator" | "demo"
  params?: TSchema
  query?: TSchema
  body: TSchema | "none"
  answers: Answers
  /** Answers its key again after the admission's end. What it calls must judge that end before it does anything new. */
  repeatable?: boolean
  /** Besides what `who`, `limit`, `body` and the framework refuse with. */
  refuses: number[]
}

export type ApiRoute = Common & Described & { kind: "api"; handler: (asked: ApiAsked) => unknown }
export type ApiAsked = {
  request: Request
  params: unknown
  query: unknown
  body: unknown
  headers: AnswerHeaders
  accountId?: AccountId
  shopper?: Admission
}

/** For programs by the thousand: a plain Bun route, without a framework's work per request. It reads and judges its body itself. */
export type CrowdRoute = Common &
  Described & {
    kind: "crowd"
    who: "account"
    /** Each known sale has the address with its own id in it: reading an id out of a path costs as much as finding a position. */
    perSale: boolean
    /**
     * Joins and polls do not pay for a look at their Host: no browser sends a bearer token by itself, so a stranger's name for us
     * gains nothing.
     */
    anyHost: boolean
    handler: CrowdHandler
  }
/** For people: a page, a part of one, or what a page loads. It answers refusals as pages do, and is not in /openapi.json. */
export type PageRoute = Common & {
  kind: "page"
  params?: TSchema
  query?: TSchema
  body: "form" | "none"
  handler: PageHandler
}

export type Route = ApiRoute | CrowdRoute | PageRoute

export type CrowdServer = Bun.Server<undefined>
export type CrowdHandler = (
  request: Request,
  saleId: SaleId,
  accountId: AccountId,
  server: CrowdServer,
) => Response | Promise<Response>

export type PageAsked = {
  request: Request
  params: Record<string, string>
  query: Record<string, string | undefined>
}
export type PageHandler = (asked: PageAsked) => Response | Promise<Response>

type Read<Schema> = Schema extends TSchema ? Static<Schema> : undefined
type Known<By extends Who> = By extends "account"
  ? { accountId: AccountId }
  : By extends "admission"
    ? { shopper: Admission }
    : object
type Asked<Params, Query, Body, By extends Who> = {
  request: Request
  params: Read<Params>
  query: Read<Query>
  body: Read<Body>
  headers: AnswerHeaders
} & Known<By>
type Answer<All extends Answers> =
  { [Status in keyof All]: All[Status] extends TSchema ? Static<All[Status]> : Response }[keyof All] | Response

/** One address for programs. Who asks is judged and counted before the handler, which gets the account or the shopper. */
export const apiRoute = <
  All extends Answers,
  By extends "anybody" | "account" | "admission" | "admin" | "demo",
  Params extends TSchema | undefined = undefined,
  Query extends TSchema | undefined = undefined,
  Body extends TSchema | "none" = "none",
>(
  route: Common & {
    who: By
    summary: string
    tag: Described["tag"]
    repeatable?: By extends "admission" ? boolean : never
    params?: Params
    query?: Query
    body: Body
    answers: All & (keyof All extends never ? "an answer, described" : unknown)
    refuses: number[]
    handler: (asked: Asked<Params, Query, Body, By>) => Answer<All> | Promise<Answer<All>>
  },
): ApiRoute => ({ ...route, kind: "api" }) as unknown as ApiRoute

export const crowdRoute = (route: Omit<CrowdRoute, "kind">): CrowdRoute => ({ ...route, kind: "crowd" })

/** One address for people. The group of pages makes `who` true: each sends strangers to a sign-in of its own. */
export const pageRoute = (route: Omit<PageRoute, "kind">): PageRoute => ({ ...route, kind: "page" })

export const media = (type: string, schema: object = { type: "string" }): Media => ({ media: type, schema })
export const isMedia = (answer: TSchema | Media): answer is Media => "media" in answer

/** Read from what the row says anyway, so that a new row has its class; a row may name another one. */
export const workOf = (route: Route): Work => {
  const { work, who, limit, path } = route
  if (work !== undefined) return work
  if (path.startsWith("/health/") || path === "/metrics") return "health"
  if (who === "admission" || who === "shopper") return "shoppers"
  if (who === "admin" || who === "operator" || who === "demo" || limit === "operator sign-ins") return "operators"
  if (limit === "joins") return "joins"
  if (limit === "polls" || limit === "streams") return "polls"
  if (limit === "sign-ins") return "rest"
  if (route.kind === "page") return "pages"
  if (route.tag === "waiting room") return "polls"
  return route.tag === "events" || route.tag === "tickets" ? "pages" : "rest"
}
