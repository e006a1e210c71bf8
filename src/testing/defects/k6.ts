import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openClock } from "../../clock.ts"
import { newId, type RunId } from "../../ids.ts"
import { audit } from "../../lab/audit/audit.ts"
import { parseHistory } from "../../lab/model/history.ts"
import { armK6, historyFile } from "../../lab/k6/k6.ts"
import type { K6Summary } from "../../lab/k6/summary.ts"
import { judge } from "../../lab/verdict/verdict.ts"
import { lookupK6 } from "../lab/k6.ts"
import type { Row, Seen } from "./table.ts"
import { openTinySale, type Defect } from "../lab/tiny-sale.ts"
import { seenInJudgement } from "./verdicts.ts"

/** Enough for the p99 of joins. */
const people = 220

/**
 * The real script of launch_spike, by the real k6, at a sale in memory. What the machine did meanwhile is left out, so that a busy
 * one changes nothing: only what the sale did is judged, and of the latencies those of a step that the defect is about.
 */
const launch = async (defect: Defect | undefined, slow?: string): Promise<Seen> => {
  const clock = openClock()
  const tiny = openTinySale({ now: clock, defect })
  const folder = mkdtempSync(join(tmpdir(), "traffic-defect-"))
  try {
    const fans = Array.from({ length: people }, (_, index) => ({ user_id: `fan${index}`, token: `fan${index}` }))
    await Bun.write(join(folder, "fans.json"), JSON.stringify(fans))
    const k6 = await armK6({
      k6: await k6Path(),
      runId: newId<RunId>(clock()),
      folder,
      script: readFileSync(join(import.meta.dir, "../../../dist/k6/launch_spike.js"), "utf8"),
      settings: {
        base_url: tiny.url,
        sale_id: tiny.prepare(),
        other_sale_id: "",
        fans_file: join(folder, "fans.json"),
        people,
        ramp_ms: 1000,
        steady_ms: 2000,
        down_ms: 0,
        seed: 7,
        room_too_small: false,
      },
    })
    if (!("release" in k6)) throw new Error(k6.state === "broken" ? k6.why : `k6 is ${k6.state}`)
    await k6.release()
    const ending = await k6.ended
    if (ending.state !== "finished") throw new Error(ending.state === "broken" ? ending.why : `k6 is ${ending.state}`)
    const summary = onCalmMachine(ending.summary, slow)
    const history = parseHistory(readFileSync(historyFile(folder), "utf8"))
    return seenInJudgement(summary, judge(summary, audit(history, tiny.truth()), { people }, history.failures))
  } finally {
    await tiny.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const onCalmMachine = ({ state, metrics }: K6Summary, slow: string | undefined): K6Summary => ({
  state,
  metrics: Object.fromEntries(
    Object.entries(metrics)
      .filter(([metric]) => metric !== "arrival_lag" && metric !== "dropped_iterations")
      .map(([metric, { thresholds, ...rest }]) => {
        const isOther = rest.type === "trend" && metric !== slow
        return [metric, { ...rest, ...(thresholds === undefined || isOther ? {} : { thresholds }) }]
      }),
  ),
})

const k6Path = async () => {
  const found = await lookupK6()
  if ("missing" in found) throw new Error(found.missing)
  return found.path
}

let sound: Promise<Seen> | undefined
const launchSound = () => (sound ??= launch(undefined))

export const k6Rows: Row[] = [
  {
    alarm: "k6 latency",
    defect: "joins take 0.7 s",
    on: "real k6",
    example: /^http_req_duration\{step:join\} has p\(99\) = \d{3,}/,
    sound: launchSound,
    broken: () => launch("answers_joins_slowly", "http_req_duration{step:join}"),
  },
  {
    alarm: "k6 share",
    defect: "every fifth poll is answered 500",
    on: "real k6",
    example: /^status of fan\d+ was answered 500 internal at /,
    sound: launchSound,
    broken: () => launch("answers_500"),
  },
  {
    alarm: "k6 guard",
    defect: "nobody is let in",
    on: "real k6",
    example: /^done\{step:[a-z]+\} has count = 0$/,
    sound: launchSound,
    broken: () => launch("lets_nobody_in"),
  },
  {
    alarm: "k6 ban",
    defect: "every hundredth poll tells another position",
    on: "real k6",
    example: /^position_changes has count = \d+$/,
    also: ["I5 positions steady"],
    sound: launchSound,
    broken: () => launch("moves_on_refresh"),
  },
  {
    alarm: "k6 ban",
    defect: "every hundredth poll is answered 200 and half a sentence",
    on: "real k6",
    example: /^GoError: cannot parse json /,
    sound: launchSound,
    broken: () => launch("answers_nonsense"),
  },
]
