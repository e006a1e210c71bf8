import { Refusal, type ExitCode } from "../../exit.ts"
import { runsPerSideMax } from "../../lab/compare/compare.ts"
import { lookupPreset, presets } from "../../lab/scenarios/presets.ts"
import { simAll } from "./all.ts"
import { list } from "./list.ts"
import { simOne } from "./one.ts"
import type { SimOptions } from "./options.ts"
import type { SimParts } from "./parts.ts"
import { placeholderOf, reportFlags } from "./reports.ts"

export const sim = async (named: string | undefined, options: SimOptions, parts: SimParts): Promise<ExitCode> => {
  const scenario = named ?? scenarioOf(options.preset)
  if (scenario === "list") return list(options.json, parts)
  refuseContradictions(scenario, options)
  return scenario === "all" ? simAll(options, parts) : simOne(scenario, options, parts)
}

/** A preset knows its scenario; an unknown one is refused later, by its flag. */
const scenarioOf = (preset: string | undefined) =>
  preset === undefined ? "list" : (lookupPreset(preset) ?? presets[0]!).scenario

const refuseContradictions = (scenario: string, options: SimOptions) => {
  const { scenarios, junit, repeat, baseline, quick, preset } = options
  if (quick && preset !== undefined) throw wrong("--quick and --preset both choose the size: give one of them")
  if (repeat !== undefined && !(/^\d+$/.test(repeat) && Number(repeat) >= 1 && Number(repeat) <= runsPerSideMax))
    throw wrong(`--repeat ${repeat}: write a whole number from 1 to ${runsPerSideMax}`)
  if (scenario === "all" && repeat !== undefined) throw wrong("--repeat: name one scenario instead of all")
  if (scenario === "all" && baseline !== undefined) throw wrong("--baseline: name one scenario instead of all")
  if (scenario !== "all" && scenarios !== undefined)
    throw wrong(`--scenarios ${scenarios}: it chooses from all; write traffic sim all`)
  if (scenario !== "all" && junit !== undefined)
    throw wrong(`--junit ${junit}: it belongs to traffic sim all; --scenarios ${scenario} chooses one`)
  if (scenario === "all" || Number(repeat ?? 1) > 1) refuseSharedReport(placeholderOf(scenario), options)
}

const refuseSharedReport = (placeholder: string, options: SimOptions) => {
  for (const [option, flag] of Object.entries(reportFlags) as [keyof typeof reportFlags, string][]) {
    const path = options[option]
    if (path !== undefined && !path.includes(placeholder))
      throw wrong(`${flag} ${path}: each run writes its own file; write ${placeholder} where its name goes`)
  }
}

const wrong = (sentence: string) => new Refusal("usage", sentence)
