import http from "k6/http"
import { Counter } from "k6/metrics"
import { expecting, noteFailure, type Answer } from "./answers.ts"
import { note } from "./history.ts"
import { phaseOf, type Person } from "./person.ts"

/** Attempts that count: one that was told to slow down, or broke, proves nothing. */
const attempts = new Counter("attempts")
const waysIn = new Counter("ways_in")

/** Each kind has to be tried and refused as such, none may succeed. */
export const attemptThresholds = (kinds: readonly Kind[]): Record<string, string[]> => ({
  ways_in: ["count<1"],
  "http_req_failed{step:attempt}": ["rate<0.01"],
  ...Object.fromEntries(kinds.map((kind) => [`attempts{kind:${kind}}`, ["count>0"]])),
})

/** How the sale refuses each kind: 401 no or no good token, 403 not now, 404 not one's own, 400 of another sale. */
const refusals = {
  no_token: [401],
  account_token: [401, 403],
  foreign_admission: [401],
  expired_admission: [401],
  tampered_admission: [401],
  replayed_admission: [401, 403],
  guessed_hold: [404],
  guessed_order: [404],
  before_opening: [403],
  first_sale_place: [404],
  first_sale_receipt: [400],
  first_sale_admission: [401],
  transfer: [403],
  resell: [404],
}
export type Kind = keyof typeof refusals
const slowDown = 429

export type Attempt = {
  kind: Kind
  route: string
  method: string
  url: string
  body: string | null
  authorization?: string
}

/** Tries what is not allowed; any answer 2xx is a way in. */
export const tryIn = (person: Person, { kind, route, method, url, body, authorization }: Attempt): Answer => {
  const expected = expecting(...refusals[kind], slowDown)
  const sent = Date.now()
  const answer: Answer = http.request(method, url, body, {
    headers: {
      "Content-Type": "application/json",
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
    responseCallback: expected.callback,
    responseType: "text",
    tags: { name: `attempt_${route}`, step: "attempt", phase: phaseOf(person) },
    timeout: "10s",
  })
  const received = Date.now()
  if (refusals[kind].includes(answer.status)) attempts.add(1, { kind })
  if (answer.status >= 200 && answer.status < 300) waysIn.add(1, { kind })
  note({ op: "attempt", account: person.account, sent, received, kind, route, status: answer.status })
  noteFailure(person, "attempt", expected, { answer, sent, received })
  return answer
}
