import http, { type RefinedResponse } from "k6/http"
import { note } from "./history.ts"
import type { Step } from "./metrics.ts"
import type { Person } from "./person.ts"

export type Answer = RefinedResponse<"text">
export type Answered = { answer: Answer; sent: number; received: number }

/** Statuses that belong to a step; any other one is an error of the sale. */
export type Expected = { callback: ReturnType<typeof http.expectedStatuses>; statuses: number[] }
export const expecting = (...statuses: number[]): Expected => ({
  callback: http.expectedStatuses(...statuses),
  statuses,
})

/** Writes down an answer that does not belong to the step, so that the verdict can name it. */
export const noteFailure = (
  person: Person,
  step: Step | "leave" | "attempt",
  { statuses }: Expected,
  { answer, sent, received }: Answered,
) => {
  if (statuses.includes(answer.status)) return
  note({ op: "failed", account: person.account, sent, received, step, status: answer.status, why: wordOf(answer) })
}

/** The `code` of a problem document, else what k6 says of the connection, else the bare status. */
export const wordOf = (answer: Answer): string => {
  const code = /"code":"([a-z_]{1,40})"/.exec(answer.body ?? "")?.[1]
  return code ?? (answer.error || `status_${answer.status}`)
}
