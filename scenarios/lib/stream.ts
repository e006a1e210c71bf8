import http from "k6/http"
import { Rate } from "k6/metrics"
import { wordOf, type Answer } from "./answers.ts"
import { note } from "./history.ts"
import { done } from "./metrics.ts"
import { phaseOf, secondsBetween, type Person } from "./person.ts"
import { compare, room } from "./queue.ts"

/** Streams that told no place before they were cut. */
export const streamsFailed = new Rate("streams_failed")

/** k6 knows no event streams: a request that runs out of time keeps what had come, with status 0 or the one of the answer. */
const streamStatuses = http.expectedStatuses(0, 200)

/** Follows the person's place in some tabs until the connections break, 1 to 3 s later. */
export const followUntilCut = (person: Person, tabs: number) => {
  const params = {
    headers: { Authorization: `Bearer ${person.token}`, Accept: "text/event-stream" },
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
    note({ op: "stream", account: person.account, sent, received, status: answer.status, positions })
    if (!isAway) streamsFailed.add(positions.length === 0)
    if (positions.length === 0)
      note({
        op: "failed",
        account: person.account,
        sent,
        received,
        step: "stream",
        status: answer.status,
        why: wordOf(answer),
      })
    else done.add(1, { step: "stream" })
    for (const position of positions) compare(person, position, sent, received)
  }
}

/** Each position once, of every status that came whole. */
const positionsIn = (body: string) => [
  ...new Set([...body.matchAll(/^data: \{.*"position":(\d+).*\}$/gm)].map((each) => Number(each[1]))),
]
