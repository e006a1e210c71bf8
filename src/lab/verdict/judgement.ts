import { audit } from "../audit/audit.ts"
import { firstSaleWorthNothing, joinsNoSlower, placesGivenAnew, type JoinTimes } from "../audit/second-sale.ts"
import { valueOf, type K6Summary } from "../k6/summary.ts"
import type { Check } from "../model/check.ts"
import type { Conditions } from "../model/conditions.ts"
import type { History } from "../model/history.ts"
import type { Capacity } from "../model/run.ts"
import type { ServerTruth } from "../model/truth.ts"
import { judge, type Judgement } from "./verdict.ts"

type SaleEvidence = { history: History; truth: ServerTruth }
/** `second`: of the second sale of the same event, where there is one. */
export type Evidence = SaleEvidence & { second?: SaleEvidence }

export type Trial = {
  summary: K6Summary
  more?: K6Summary[]
  evidence: Evidence
  conditions: Conditions
  networkPeople: number
  story: Check[]
  search?: { capacity?: Capacity; check: Check }
}

/** Holds what people and stores say of all sales of a run against each other, and judges it. */
export const judgeRun = ({ summary, more = [], evidence, ...trial }: Trial): Judgement => {
  const { conditions, networkPeople, story, search } = trial
  const { history, truth, second } = evidence
  const invariants = [...audit(history, truth), ...story, ...(second === undefined ? [] : secondSale(history, second))]
  const latencies = [
    ...(second === undefined ? [] : [joinsNoSlower(joinTimesOf(summary, 1), joinTimesOf(summary, 2))]),
    ...(search === undefined ? [] : [search.check]),
  ]
  const seen = { ...conditions, ...soughtIn(search), people: conditions.people - networkPeople }
  const ofPublic = judge(summary, invariants, seen, history.failures, latencies)
  const ofNetwork = more.map((each) => judge(each, [], { ...conditions, people: networkPeople }, history.failures))
  return together(ofPublic, ...ofNetwork.map(namedNetwork))
}

const secondSale = (first: History, { history, truth }: SaleEvidence): Check[] => [
  ...audit(history, truth).map((each) => ({ ...each, name: `${each.name}, second sale` })),
  placesGivenAnew(first, history),
  firstSaleWorthNothing(history),
]

const joinTimesOf = (summary: K6Summary, sale: 1 | 2): JoinTimes => {
  const metric = `http_req_duration{step:join,sale:${sale}}`
  return { p95Ms: valueOf(summary, metric, "p(95)"), count: valueOf(summary, metric, "count") ?? 0 }
}

const soughtIn = (search: Trial["search"]): Partial<Conditions> => {
  if (search === undefined) return {}
  const isUnfinished = search.capacity === undefined && search.check.passed
  return { seeksLimit: true, unfinished: isUnfinished ? search.check.seen : undefined }
}

const namedNetwork = (judgement: Judgement): Judgement => {
  const named = (text: string) => (text.startsWith("k6 ") ? `k6 network ${text.slice(3)}` : text)
  return {
    ...judgement,
    failures: judgement.failures.map(named),
    checks: judgement.checks.map((each) => ({ ...each, name: named(each.name) })),
  }
}

/** The gravest verdict with all of its reasons; those of milder ones do not count beside it. */
const together = (...judgements: Judgement[]): Judgement => {
  const verdict = (["FAIL", "INCONCLUSIVE", "PASS"] as const).find((each) =>
    judgements.some((one) => one.verdict === each),
  )!
  const failures = judgements.flatMap((each) => (each.verdict === verdict ? each.failures : []))
  return {
    verdict,
    failures: [...new Set(failures)],
    checks: judgements.flatMap((each) => each.checks),
    limits: judgements.flatMap((each) => each.limits),
  }
}
