import { Refusal } from "../../../exit.ts"
import type { SecondBody } from "../../../lab/report/second-body.ts"
import { recordOf, type RunRecord } from "../../../lab/report/record.ts"
import type { Target } from "./target.ts"

export const readRecord = async (target: Target, runId: string): Promise<RunRecord> => {
  const [run, series] = await Promise.all([target.call("GET", `/v1/demo/loadtest/${runId}`), readSeries(target, runId)])
  return recordOf({ run, series }, runId)
}

/** The seconds of a run that the server keeps; none where it does not tell them. */
export const readSeries = async ({ lookup }: Target, runId: string): Promise<SecondBody[]> => {
  const told = await lookup(`/v1/demo/loadtest/${runId}/series`)
  return Array.isArray(told?.["points"]) ? (told["points"] as SecondBody[]) : []
}

/** Each scenario has at most one star. @throws Refusal */
export const findStarred = async ({ call }: Target, scenario: string | undefined): Promise<string> => {
  if (scenario === undefined)
    throw new Refusal("usage", "starred: one of the two sides has to be a run by its id or file")
  let before = ""
  for (let page = 0; page < pagesMax; page++) {
    const listed = await call("GET", `/v1/demo/loadtests?scenario=${scenario}&limit=100${before}`)
    const { runs, next } = listed as { runs: { run_id: string; starred?: boolean }[]; next?: string }
    const found = runs.find((each) => each.starred === true)
    if (found !== undefined) return found.run_id
    if (next === undefined) break
    before = `&before=${next}`
  }
  throw new Refusal(
    "usage",
    `starred: no run of ${scenario} has a star on this server; star one in the load lab, or give its id`,
  )
}
/** Of a hundred runs each. */
const pagesMax = 50
