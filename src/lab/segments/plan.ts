import type { Fan } from "../../../scenarios/lib/settings.ts"
import { Refusal } from "../../exit.ts"
import { isId, trustedId, type SaleId } from "../../ids.ts"
import { lookupTime, minutes, type EpochMs } from "../../units.ts"
import { version } from "../../version.ts"
import { lookupScenario, scriptHashOf } from "../scenarios/catalog.ts"
import { isFault } from "../../fault.ts"
import { requestOf, type RunLimits, type RunSettings } from "../model/settings.ts"
import { parseRunSettings } from "../scenarios/run-settings.ts"

/** Contains the tokens of its people, who own nothing else. */
export type Plan = {
  planId: string
  trafficVersion: string
  scriptHash: string
  settings: RunSettings & { saleId: SaleId }
  otherSaleId?: SaleId
  target: string
  /** Common start, on the clock of the server under test. */
  startsAt: EpochMs
  fans: Fan[]
  hash: string
}

/** Limits of the whole test; each machine has the limits of a run of its own. */
export const planLimits: RunLimits = { vusMax: 200_000, totalSeats: 200_000, length: minutes(120) }

type PlanFile = {
  traffic_plan: 1
  plan_id: string
  traffic_version: string
  script_hash: string
  settings: Record<string, unknown>
  other_sale_id?: string
  target: string
  starts_at: string
  people: Fan[]
}

export const planText = (plan: Omit<Plan, "hash">): string => {
  const file: PlanFile = {
    traffic_plan: 1,
    plan_id: plan.planId,
    traffic_version: plan.trafficVersion,
    script_hash: plan.scriptHash,
    settings: requestOf(plan.settings),
    other_sale_id: plan.otherSaleId,
    target: plan.target,
    starts_at: new Date(plan.startsAt).toISOString(),
    people: plan.fans,
  }
  return JSON.stringify(file)
}

/**
 * `name` is the file name as the user gave it.
 * @throws Refusal naming the file, what is wrong with it and what to do.
 */
export const parsePlan = (text: string, name: string): Plan => {
  const file = planIn(text)
  if (file === undefined)
    throw wrong(`${name} is no plan: make one with \`traffic sim prepare SCENARIO --target URL > plan.json\``)
  if (file.traffic_version !== version)
    throw wrong(
      `${name} was made by traffic ${file.traffic_version} and this is ${version}: use one version on all machines and make the plan again`,
    )
  const settings = settingsIn(file, name)
  const scenario = lookupScenario(settings.scenario)!
  if (file.script_hash !== scriptHashOf(scenario))
    throw wrong(
      `${name} was made with another script of ${settings.scenario}: use one build of traffic on all machines and make the plan again`,
    )
  return {
    planId: file.plan_id,
    trafficVersion: file.traffic_version,
    scriptHash: file.script_hash,
    settings,
    otherSaleId: file.other_sale_id === undefined ? undefined : trustedId<SaleId>(file.other_sale_id),
    target: file.target,
    startsAt: lookupTime(file.starts_at)!,
    fans: file.people,
    hash: sha256(JSON.stringify(file)),
  }
}

const planIn = (text: string): PlanFile | undefined => {
  try {
    const file = JSON.parse(text) as PlanFile
    const isPlan =
      file.traffic_plan === 1 &&
      typeof file.plan_id === "string" &&
      typeof file.traffic_version === "string" &&
      typeof file.settings === "object" &&
      file.settings !== null &&
      typeof file.target === "string" &&
      lookupTime(file.starts_at) !== undefined &&
      Array.isArray(file.people)
    return isPlan ? file : undefined
  } catch {
    return undefined
  }
}

const settingsIn = (file: PlanFile, name: string): Plan["settings"] => {
  try {
    const settings = parseRunSettings(file.settings, planLimits, 0)
    const { saleId } = settings
    if (saleId === undefined || !isId(saleId)) throw wrong(`${name} names no sale: make the plan again`)
    if (file.people.length !== settings.vusMax)
      throw wrong(`${name} names ${file.people.length} of ${settings.vusMax} people: make the plan again`)
    return { ...settings, saleId }
  } catch (error) {
    if (!isFault(error, "invalid_scenario")) throw error
    throw wrong(`${name}: ${error.message}: make the plan again`)
  }
}

const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex")
const wrong = (sentence: string) => new Refusal("usage", sentence)
