import { exitCodes, type ExitCode } from "../../exit.ts"
import type { Clock } from "../../clock.ts"
import { newId, trustedId, type RunId, type SaleId } from "../../ids.ts"
import { otherSale } from "../../lab/scenarios/other-sale.ts"
import { type Scenario, lookupScenario, scriptHashOf } from "../../lab/scenarios/catalog.ts"
import { durationText, lookupDuration } from "../../lab/model/duration.ts"
import type { Fan } from "../../../scenarios/lib/settings.ts"
import { linesOf } from "../../lab/audit/audit-log.ts"
import { planLimits, planText } from "../../lab/segments/plan.ts"
import { later, minutes, seconds, type Millis } from "../../units.ts"
import { version } from "../../version.ts"
import { planOf, type SimEnvironment } from "./request.ts"
import type { SimOptions } from "./sim.ts"
import { askClock, failure, openTarget, type Target, type Targeting } from "./target.ts"

export type PrepareOptions = SimOptions & { startIn?: string }

export type PrepareDeps = {
  environment: SimEnvironment
  targeting: Targeting
  clock: Clock
  out: (line: string) => void
  progress: { write: (text: string) => void }
}

/**
 * `traffic sim prepare SCENARIO --target URL > plan.json`: makes the sale and its people there and says when everybody starts.
 * @throws Error with an exitCode and a sentence.
 */
export const prepare = async (name: string, options: PrepareOptions, deps: PrepareDeps): Promise<ExitCode> => {
  const startIn = startOf(options.startIn ?? "60s")
  const asked = planOf(name, options, deps.environment, undefined, planLimits)
  if ("wrong" in asked) throw usage(asked.wrong)
  const { settings } = asked
  const scenario = lookupScenario(settings.scenario)!
  const alone = needsOneMachine(scenario)
  if (alone !== undefined) throw usage(`${scenario.name} cannot be shared between machines: ${alone}`)
  if (options.target === undefined)
    throw usage("--target: name the server under test, such as --target http://127.0.0.1:8080")
  const target = await openTarget(options.target, deps.targeting)
  if ("complaint" in target) throw failure(target)
  await clockOf(target)
  const otherSaleId = scenario.needsOtherSale ? await makeSale(target, otherSale(settings)) : undefined
  const saleId = await makeSale(target, {
    ...settings,
    shopperCapacity: scenario.shoppersOf?.(settings.vusMax),
  })
  const fans = await mintFans(target, settings.vusMax)
  const startsAt = later(await clockOf(target), startIn)
  const planId = newId<RunId>(deps.clock())
  deps.out(
    planText({
      planId,
      trafficVersion: version,
      scriptHash: scriptHashOf(scenario),
      settings: { ...settings, saleId },
      ...(otherSaleId === undefined ? {} : { otherSaleId }),
      target: target.origin,
      startsAt,
      fans,
    }),
  )
  deps.progress.write(
    `plan ${planId}: ${settings.vusMax} people at ${target.origin}, starting in ${durationText(startIn)}, at ${new Date(startsAt).toISOString()} of its clock\n` +
      `before that, on each machine: traffic sim ${scenario.name} --segment K/N --plan plan.json --out part-K.ndjson\n`,
  )
  if (!target.isLoopback) deps.progress.write(sharedAddresses)
  return exitCodes.pass
}

/** On loopback everybody has an own address. */
const sharedAddresses =
  "people of one machine share its address, and the server counts joins by address: raise TRAFFIC_JOINS_PER_ADDRESS_PER_MIN there for the test\n"

/** What only the server's own lab can do. A restart in the middle is left out, as it is with every server that is up already. */
export const needsOneMachine = ({ stages }: Scenario): string | undefined => {
  if (stages?.secondSale) return "afterwards everybody goes to a second sale"
  if (stages?.network) return "a part of its people comes from one network"
  if (stages?.otherAdmission !== undefined) return "it needs admissions that end within the test"
  if (stages?.capacity) return "it raises the rate until the server gives way"
  return undefined
}

const startOf = (text: string): Millis => {
  const length = lookupDuration(text)
  if (length === undefined || length < seconds(5) || length > minutes(120))
    throw usage(`--start-in ${text}: write a length of time from 5s to 2h, long enough for all machines to be ready`)
  return length
}

const clockOf = async (target: Target) => {
  const now = await askClock(target)
  if (typeof now !== "number") throw failure(now)
  return now
}

type SaleOrder = { admitPerMinute: number; waitingRoomCap: number; totalSeats: number; shopperCapacity?: number }

const makeSale = async (target: Target, order: SaleOrder): Promise<SaleId> => {
  const made = await target.call("POST", "/v1/demo/reset", {
    admit_per_minute: order.admitPerMinute,
    waiting_room_cap: order.waitingRoomCap,
    total_seats: order.totalSeats,
    ...(order.shopperCapacity === undefined ? {} : { shopper_capacity: Math.min(order.shopperCapacity, shoppersMost) }),
  })
  if ("complaint" in made) throw failure({ ...made, complaint: `${made.complaint}${demoHint}` })
  return trustedId<SaleId>(String(made.answer["sale_id"]))
}
const shoppersMost = 100_000
const demoHint = " (a plan needs the demo API there: TRAFFIC_MODE=demo, or TRAFFIC_DEMO_KEY here and there)"

const mintFans = async (target: Target, count: number): Promise<Fan[]> => {
  const fans: Fan[] = []
  while (fans.length < count) {
    const wanted = Math.min(fansAtOnce, count - fans.length)
    const answer = await target.send("POST", "/v1/demo/fans", { count: wanted }, minutes(5))
    if ("complaint" in answer) throw failure({ ...answer, complaint: `${answer.complaint}${demoHint}` })
    const before = fans.length
    for await (const line of linesOf(answer.body!)) fans.push(JSON.parse(line) as Fan)
    if (fans.length === before) throw failure({ complaint: `${target.origin} made no accounts`, code: exitCodes.fail })
  }
  return fans
}
/** The server makes no more in one answer. */
const fansAtOnce = 20_000

const usage = (sentence: string) => failure({ complaint: sentence, code: exitCodes.usage })
