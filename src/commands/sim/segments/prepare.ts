import { exitCodes, Refusal, type ExitCode } from "../../../exit.ts"
import { newId, type RunId } from "../../../ids.ts"
import { durationText, lookupDuration } from "../../../lab/model/duration.ts"
import { otherSale } from "../../../lab/scenarios/other-sale.ts"
import { lookupScenario, scriptHashOf, type Scenario } from "../../../lab/scenarios/catalog.ts"
import { planLimits, planText } from "../../../lab/segments/plan.ts"
import { later, minutes, seconds, type Millis } from "../../../units.ts"
import { version } from "../../../version.ts"
import type { SettingOptions, TargetOptions } from "../options.ts"
import type { SimParts } from "../parts.ts"
import { parseRequest } from "../request.ts"
import { makeFans, makeSale } from "../target/demo.ts"
import { askClock, openTarget } from "../target/target.ts"

export type PrepareOptions = SettingOptions & TargetOptions & { startIn?: string }
type PrepareParts = Pick<SimParts, "environment" | "targeting" | "clock" | "out" | "progress">

/**
 * `traffic sim prepare SCENARIO --target URL > plan.json`: makes the sale and its people there and says when everybody starts.
 * @throws Refusal
 */
export const prepare = async (name: string, options: PrepareOptions, parts: PrepareParts): Promise<ExitCode> => {
  const startIn = parseStart(options.startIn ?? "60s")
  const { settings } = parseRequest(name, options, parts.environment, { limits: planLimits })
  const scenario = lookupScenario(settings.scenario)!
  const alone = needsOneMachine(scenario)
  if (alone !== undefined) throw wrong(`${scenario.name} cannot be shared between machines: ${alone}`)
  if (options.target === undefined)
    throw wrong("--target: name the server under test, such as --target http://127.0.0.1:8080")
  const target = await openTarget(options.target, parts.targeting)
  await askClock(target)
  const otherSaleId = scenario.needsOtherSale ? await makeSale(target, otherSale(settings)) : undefined
  const shopperCapacity = scenario.shoppersOf?.(settings.vusMax)
  const saleId = await makeSale(target, { ...settings, shopperCapacity })
  const fans = await makeFans(target, settings.vusMax)
  const startsAt = later(await askClock(target), startIn)
  const planId = newId<RunId>(parts.clock())
  parts.out(
    planText({
      planId,
      trafficVersion: version,
      scriptHash: scriptHashOf(scenario),
      settings: { ...settings, saleId },
      ...(otherSaleId && { otherSaleId }),
      target: target.origin,
      startsAt,
      fans,
    }),
  )
  parts.progress.write(
    `plan ${planId}: ${settings.vusMax} people at ${target.origin}, starting in ${durationText(startIn)}, at ${new Date(startsAt).toISOString()} of its clock\n` +
      `before that, on each machine: traffic sim ${scenario.name} --segment K/N --plan plan.json --out part-K.ndjson\n`,
  )
  if (!target.isLoopback) parts.progress.write(sharedAddresses)
  return exitCodes.pass
}

const sharedAddresses =
  "people of one machine share its address, and the server counts joins by address: raise TRAFFIC_JOINS_PER_ADDRESS_PER_MIN there for the test\n"

/** What only the server's own lab can do. A restart in the middle is left out, as it is with every server that is up already. */
const needsOneMachine = ({ stages }: Scenario): string | undefined => {
  if (stages?.secondSale) return "afterwards everybody goes to a second sale"
  if (stages?.network) return "a part of its people comes from one network"
  if (stages?.otherAdmission !== undefined) return "it needs admissions that end within the test"
  if (stages?.capacity) return "it raises the rate until the server gives way"
  return undefined
}

const parseStart = (text: string): Millis => {
  const length = lookupDuration(text)
  if (length === undefined || length < seconds(5) || length > minutes(120))
    throw wrong(`--start-in ${text}: write a length of time from 5s to 2h, long enough for all machines to be ready`)
  return length
}

const wrong = (sentence: string) => new Refusal("usage", sentence)
