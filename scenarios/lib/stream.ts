import http from "k6/http"
import { Rate } from "k6/metrics"
import { wordOf, type Answer } from "./answers.ts"
import { note } from "./history.ts"
import { done } from "./metrics.ts"
import { neighbourOf, phaseOf, secondsBetween, type Person } from "./person.ts"
import { compare, room } from "./queue.ts"

export const streamsFailed = new Rate("streams_failed")

/** k6 knows no event streams: a request that runs out of time keeps what had come, with status 0 or the one of the answer. */
const streamStatuses = http.expectedStatuses(0, 200)

/** Follows the person's place in some tabs until the connections break, 1 to 3 s later. */
export const followUntilCut = (person: Person, tabs: number) =>
  follow(person, person, tabs, "here", (position, sent, received) => compare(person, position, sent, received))

/**
 * A phone that changed its network: the account of the next person, who has joined, asks from the address of this one.
 * What it is told is held against that person's join after the run.
 */
export const followFromElsewhere = (person: Person) => {
  const next = neighbourOf(person)
  if (next !== undefined) follow(person, { account: next.user_id, token: next.token }, 1, "elsewhere", () => {})
}

const follow = (
  person: Person,
  { account, token }: Pick<Person, "account" | "token">,
  tabs: number,
  from: "here" | "elsewhere",
  told: (position: number, sent: number, received: number) => void,
) => {
  const params = {
    headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
    responseCallback: streamStatuses,
    responseType: "text" as const,
    tags: { name: "stream", step: "stream", phase: phaseOf(person) },
    timeout: `${Math.round(1000 * secondsBetween(person, 1, 3))}ms`,
  }
  const isAway = phaseOf(person) === "away"
  const sent = Date.now()
  const answers = http.batch(
    Array.from({ length: tabs }, () => ({ method: "GET", url: `${room}/stream`, params })),
  ) as Answer[]
  const received = Date.now()
  for (const answer of answers) {
    const positions = positionsIn(answer.body ?? "")
    const { status } = answer
    note({ op: "stream", account, sent, received, status, positions })
    if (!isAway) streamsFailed.add(positions.length === 0)
    if (positions.length > 0) done.add(1, { step: "stream", from })
    else note({ op: "failed", account, sent, received, step: "stream", status, why: wordOf(answer) })
    for (const position of positions) told(position, sent, received)
  }
}

const positionsIn = (body: string) => [
  ...new Set([...body.matchAll(/^data: \{.*"position":(\d+).*\}$/gm)].map((each) => Number(each[1]))),
]
