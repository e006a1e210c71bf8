import encoding from "k6/encoding"
import http from "k6/http"
import { expecting } from "./answers.ts"
import { attemptThresholds, tryIn } from "./attempt.ts"
import { neighbourOf, type Person } from "./person.ts"
import { settings } from "./settings.ts"
import { sale, type Bought } from "./shop.ts"

export const kinds = [
  "no_token",
  "account_token",
  "foreign_admission",
  "expired_admission",
  "tampered_admission",
  "replayed_admission",
  "guessed_hold",
  "guessed_order",
] as const

export const intruderThresholds = attemptThresholds(kinds)

const otherSale = `${settings.base_url}/v1/sales/${settings.other_sale_id}`
const otherRoom = `${otherSale}/waiting-room`
const otherStatuses = expecting(200, 201, 429)

type Route = "seats" | "holds" | "checkout" | "hold" | "order"
type Try = {
  kind: (typeof kinds)[number]
  route: Route
  authorization?: string
  hold?: string
  order?: string
  at?: string
}
type Foreign = { token?: string; endsAt: number; joined: boolean }

/** Somebody who queues like others and tries what is not allowed beside that. */
export const openIntruder = (person: Person) => {
  const foreign: Foreign = { joined: false, endsAt: Infinity }
  let tries = 0
  let expiredTries = 0

  const attempt = (request: Try) => {
    tries++
    tryIn(person, {
      kind: request.kind,
      route: request.route,
      ...requestTo(request, `try-${settings.seed}-${person.id}-${tries}`),
      authorization: request.authorization,
    })
  }

  const comeTooLate = () => {
    if (foreign.token === undefined || Date.now() < foreign.endsAt + clockDoubt) return
    const route = (["seats", "holds", "checkout"] as const)[expiredTries++ % 3]!
    attempt({ kind: "expired_admission", route, authorization: `Admission ${foreign.token}`, at: otherSale })
  }

  return {
    /** Before the own turn: one try at each call, of another kind and at another route than the one before. */
    knock: () => {
      visitOtherSale(person, foreign)
      comeTooLate()
      const routes: Route[] = ["seats", "holds", "checkout"]
      const ways: Omit<Try, "route">[] = [
        { kind: "no_token" },
        { kind: "account_token", authorization: `Bearer ${person.token}` },
        { kind: "account_token", authorization: `Admission ${person.token}` },
        { kind: "foreign_admission", authorization: `Admission ${foreign.token ?? ""}` },
      ]
      const open = foreign.token === undefined ? ways.slice(0, -1) : ways
      const turn = tries + person.id
      attempt({ ...open[turn % open.length]!, route: routes[Math.floor(person.random() * routes.length)]! })
      if (foreign.token !== undefined) attempt({ ...ways.at(-1)!, route: routes[turn % routes.length]! })
    },

    /** With a live admission: changed ones, and holds that are not one's own. */
    pry: () => {
      const token = person.admission?.token ?? ""
      for (const [index, changed] of tamperedWith(token).entries())
        attempt({
          kind: "tampered_admission",
          route: (["seats", "holds", "checkout"] as const)[index % 3]!,
          authorization: `Admission ${changed}`,
        })
      const guess = {
        kind: "guessed_hold",
        authorization: `Admission ${token}`,
        hold: likeId(settings.sale_id, person),
      } as const
      attempt({ ...guess, route: "checkout" })
      attempt({ ...guess, route: "hold" })
    },

    /** After the checkout: the used admission with fresh keys, and orders that are not one's own. */
    comeBack: ({ holdId, orderId }: Bought) => {
      const used = {
        kind: "replayed_admission",
        authorization: `Admission ${person.admission?.token ?? ""}`,
        hold: holdId,
      } as const
      for (const route of ["seats", "holds", "checkout"] as const) attempt({ ...used, route })
      attempt({
        kind: "guessed_order",
        route: "order",
        authorization: `Bearer ${person.token}`,
        order: likeId(orderId, person),
      })
      const neighbour = neighbourOf(person)
      if (neighbour !== undefined)
        attempt({ kind: "guessed_order", route: "order", authorization: `Bearer ${neighbour.token}`, order: orderId })
    },

    /** For whoever has no more business here: the admission that has ended in the meantime, once at each route. */
    linger: () => {
      visitOtherSale(person, foreign)
      if (expiredTries < 3) comeTooLate()
    },
  }
}

/** An admission counts as ended when its end is so long ago that nobody's clock can doubt it, in ms. */
const clockDoubt = 250

/** Joins the other sale and waits for an admission there, one step at each call. */
const visitOtherSale = (person: Person, foreign: Foreign) => {
  if (settings.other_sale_id === "" || foreign.token !== undefined) return
  const params = {
    headers: { Authorization: `Bearer ${person.token}` },
    responseCallback: otherStatuses.callback,
    responseType: "text" as const,
    tags: { name: "other_sale", step: "other_sale" },
    timeout: "10s",
  }
  if (!foreign.joined) {
    const { status } = http.post(`${otherRoom}/join`, null, params)
    foreign.joined = status === 200 || status === 201
    return
  }
  const answer = http.get(`${otherRoom}/status`, params)
  if (answer.status !== 200) return
  const said = answer.json() as { admission_token?: string; admission_expires_at?: string }
  foreign.token = said.admission_token
  foreign.endsAt = Date.parse(said.admission_expires_at ?? "") || Infinity
}

const requestTo = (
  { route, hold, order, at = sale }: Try,
  idempotency_key: string,
): { method: string; url: string; body: string | null } => {
  switch (route) {
    case "seats":
      return { method: "GET", url: `${at}/seats?limit=1`, body: null }
    case "holds":
      return { method: "POST", url: `${at}/holds`, body: JSON.stringify({ quantity: 1, idempotency_key }) }
    case "checkout":
      return {
        method: "POST",
        url: `${at}/checkout`,
        body: JSON.stringify({ hold_id: hold ?? settings.sale_id, idempotency_key }),
      }
    case "hold":
      return { method: "DELETE", url: `${at}/holds/${hold ?? settings.sale_id}`, body: null }
    case "order":
      return { method: "GET", url: `${settings.base_url}/v1/orders/${order ?? settings.sale_id}`, body: null }
  }
}

/** A signature that is one letter off, an hour more under the old signature, and no signature at all. */
const tamperedWith = (token: string): string[] => {
  const [head = "", payload = "", signature = ""] = token.split(".")
  const claims = JSON.parse(encoding.b64decode(payload, "rawurl", "s")) as Record<string, unknown>
  const ends_ms = Number(claims["ends_ms"]) + 3_600_000
  const longer = encoding.b64encode(JSON.stringify({ ...claims, ends_ms, exp: Math.ceil(ends_ms / 1000) }), "rawurl")
  const unsigned = encoding.b64encode(JSON.stringify({ alg: "none", typ: "admission+jwt" }), "rawurl")
  const otherLetter = signature.startsWith("A") ? "B" : "A"
  return [
    `${head}.${payload}.${otherLetter}${signature.slice(1)}`,
    `${head}.${longer}.${signature}`,
    `${unsigned}.${longer}.`,
  ]
}

const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const likeId = (id: string, person: Person) =>
  id.slice(0, 10) + Array.from({ length: 16 }, () => letters[Math.floor(person.random() * letters.length)]!).join("")
