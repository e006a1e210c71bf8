import http from "k6/http"
import { Counter } from "k6/metrics"
import { expecting, noteFailure, type Answer, type Expected } from "./answers.ts"
import { note } from "./history.ts"
import { phaseOf, type Person } from "./person.ts"

const attempts = new Counter("attempts")
const waysIn = new Counter("ways_in")

/** Each kind has to be tried, none may succeed. */
export const attemptThresholds = (kinds: readonly string[]): Record<string, string[]> => ({
  ways_in: ["count<1"],
  ...Object.fromEntries(kinds.map((kind) => [`attempts{kind:${kind}}`, ["count>0"]])),
})

/** 429: who tries too often is told to slow down. */
const refusals = expecting(401, 403, 404, 429)

export type Attempt = {
  kind: string
  route: string
  method: string
  url: string
  body: string | null
  authorization?: string
  /** How a sale may refuse it. */
  expected?: Expected
}

/** Tries what is not allowed; any answer 2xx is a way in. */
export const tryIn = (
  person: Person,
  { kind, route, method, url, body, authorization, expected = refusals }: Attempt,
): Answer => {
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
  attempts.add(1, { kind })
  if (answer.status >= 200 && answer.status < 300) waysIn.add(1, { kind })
  note({ op: "attempt", account: person.account, sent, received, kind, route, status: answer.status })
  noteFailure(person, "attempt", expected, { answer, sent, received })
  return answer
}
