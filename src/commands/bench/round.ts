import { readTicks, tickUs } from "./cpu.ts"
import { drive, type Load, type LoadReport } from "./wrk.ts"

/** `serverUs` and `storesUs` are CPU per request; `stolen` and `others` shares of the machine that neighbours and other programs took. */
export type Measured = LoadReport & { stolen: number; others: number; serverUs: number; storesUs: number }

export const measure = async (wrk: string, load: Load, server: number): Promise<Measured> => {
  const before = await readTicks(server)
  const report = await drive(wrk, load)
  const after = await readTicks(server)
  const perRequest = (ticks: number) => (ticks * tickUs) / Math.max(1, report.requests)
  const total = Math.max(1, after.total - before.total)
  return {
    ...report,
    stolen: (after.stolen - before.stolen) / total,
    others: Math.max(0, after.others - before.others) / total,
    serverUs: perRequest(after.server - before.server),
    storesUs: perRequest(after.stores - before.stores),
  }
}

/** `accepted` is the share of answers on our side that are what was asked for: only these count as speed. */
export type Pair = { ours: Measured; bare: Measured; accepted: number; ratio: number }

export const pairOf = (ours: Measured, bare: Measured, accepted: number): Pair => ({
  ours,
  bare,
  accepted,
  ratio: (ours.perSecond * accepted) / bare.perSecond,
})

const stolenMax = 0.05
const othersMax = 0.1
const refusedMax = 0.01

export const lookupFlaw = ({ ours, bare, accepted }: Pair): string | undefined => {
  const [stolen, others] = [Math.max(ours.stolen, bare.stolen), Math.max(ours.others, bare.others)]
  if (stolen > stolenMax) return `neighbours took ${percent(stolen)} of the machine`
  if (others > othersMax) return `other programs took ${percent(others)} of the machine`
  if (accepted < 1 - refusedMax) return `${percent(1 - accepted)} of the answers were refusals`
  return bare.refused + bare.broken > 0 ? "the bare server failed" : undefined
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** Rounds in turn until `rounds` of them have no flaw, at most three times as many. */
export const repeat = async (
  rounds: number,
  round: () => Promise<Pair>,
  told: (pair: Pair, flaw: string | undefined) => void,
) => {
  const pairs: Pair[] = []
  for (let tries = 0; pairs.length < rounds && tries < rounds * 3; tries++) {
    const pair = await round()
    const flaw = lookupFlaw(pair)
    if (flaw === undefined) pairs.push(pair)
    told(pair, flaw)
  }
  return pairs
}

export const median = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
