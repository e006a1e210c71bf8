import { expect, test } from "bun:test"
import { lookupK6 } from "../../testing/lab/k6.ts"
import { passes } from "../model/check.ts"
import { catalog, lookupScenario } from "./catalog.ts"
import type { K6Summary } from "../k6/summary.ts"
import { judge } from "../verdict/verdict.ts"

const k6 = await lookupK6()
if ("missing" in k6) throw new Error(k6.missing)

/** The options of a script as k6 itself reads them, with these settings. */
const thresholdsIn = (script: string, settings?: Record<string, unknown>): Record<string, string[]> => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([k6.path, "inspect", "--include-system-env-vars", "-"], {
    stdin: new Blob([script]),
    env: {
      HOME: "/nonexistent",
      K6_NO_USAGE_REPORT: "true",
      K6_AUTO_EXTENSION_RESOLUTION: "false",
      ...(settings === undefined ? {} : { TRAFFIC_CFG: JSON.stringify(settings) }),
    },
  })
  if (exitCode !== 0) throw new Error(stderr.toString())
  return (JSON.parse(stdout.toString()) as { thresholds?: Record<string, string[]> }).thresholds ?? {}
}

const guardsIn = (thresholds: Record<string, string[]>) =>
  Object.keys(thresholds).filter((metric) => thresholds[metric]!.includes("count>0"))

const queueAndShop = ["join", "status", "admission", "seats", "hold", "checkout"].map((step) => `done{step:${step}}`)
const regions = ["mumbai", "delhi", "singapore", "london", "new_york"]

const intruders = [
  "no_token",
  "account_token",
  "foreign_admission",
  "expired_admission",
  "tampered_admission",
  "replayed_admission",
  "guessed_hold",
  "guessed_order",
]

/** What a scenario claims to have done: without it the run shows nothing. */
const claims: Record<string, string[]> = {
  baseline: ["done{step:sale}", "done{step:event}", "done{step:tickets}"],
  refresh_storm: ["done{step:join,again:yes}", "done{step:status,manner:tabs}"],
  queue_fairness: [
    "done{step:join,again:yes}",
    ...["plain", "reconnect", "tabs"].map((manner) => `done{step:status,manner:${manner}}`),
  ],
  reconnect_churn: [
    "done{step:stream}",
    "done{step:stream,from:elsewhere}",
    "done{step:join,again:yes}",
    "done{step:status,manner:tabs}",
  ],
  "reconnect_churn with a restart": ["done{step:stream,from:elsewhere}", "told_after_restart"],
  backdoor_race: intruders.map((kind) => `attempts{kind:${kind}}`),
  second_sale_regression: ["before_opening", "first_sale_place", "first_sale_receipt", "first_sale_admission"].map(
    (kind) => `attempts{kind:${kind}}`,
  ),
  late_surge: ["done{step:join,wave:1}", "done{step:join,wave:2}"],
  read_heavy: ["events", "event", "sale", "board"].map((step) => `done{step:${step}}`),
  checkout_flow: ["intended", "done{step:tickets}"],
  spike: ["done{step:sale}", "done{step:status,crowd:gone}"],
  mixed_workload: [
    "done{step:sale,kind:reading}",
    "done{step:tickets,kind:signed_in}",
    "done{step:checkout,kind:buying}",
    "done{step:status,kind:heavy}",
  ],
  soak: ["done{step:sale}", "done{step:board}"],
  regions: regions.flatMap((region) => [
    `done{step:join,region:${region}}`,
    `done{step:admission,region:${region}}`,
    `on_the_way_ms{region:${region}}`,
  ]),
  bot_checkout: [
    ...["grab", "pay", "again"].map((at) => `bot_tries{at:${at}}`),
    "bot_refusals",
    "done{step:grab}",
    "done{step:pay}",
    "done{step:admission,by:bot}",
    "done{step:admission,by:person}",
    "done{step:checkout,by:person}",
  ],
}

const settings = { fans_file: "", people: 240, ramp_ms: 1000, steady_ms: 1000, down_ms: 1000, seed: 1 }
const scripts: { name: string; script: string; settings?: Record<string, unknown> }[] = [
  ...catalog,
  {
    name: "reconnect_churn with a restart",
    script: lookupScenario("reconnect_churn")!.script,
    settings: { ...settings, restart_after_ms: 1500 },
  },
]

test("the network of scalper_network guards what it does beside the public", () => {
  const thresholds = thresholdsIn(lookupScenario("scalper_network")!.script, { ...settings, role: "network" })
  const claimed = ["done{step:hold}", "done{step:hoard}", "done{step:checkout}", "refusals{why:cap_exceeded}"]
  const tried = ["attempts{kind:transfer}", "attempts{kind:resell}"]
  expect(guardsIn(thresholds)).toEqual(expect.arrayContaining(["arrivals", ...claimed, ...tried]))
})

for (const { name, script, settings: given } of scripts) {
  const thresholds = thresholdsIn(script, given)

  test(`${name} guards every step that it claims`, () => {
    const guards = guardsIn(thresholds)
    const wanted = claims[name] === undefined ? ["arrivals"] : ["arrivals", ...queueAndShop, ...claims[name]]
    expect(wanted.filter((each) => !guards.includes(each))).toEqual([])
  })

  test(`${name} has no limit on the answers of a step that nothing shows to have happened`, () => {
    const guarded = guardsIn(thresholds).flatMap((metric) => /\{(.*)\}/.exec(metric)?.[1]?.split(",") ?? [])
    const steps = Object.keys(thresholds).flatMap(
      (metric) => /^http_req_duration\{.*(step:\w+)/.exec(metric)?.[1] ?? [],
    )
    expect(steps.filter((each) => !guarded.includes(each))).toEqual([])
  })

  test(`${name} fails when any one of its guards counts nothing`, () => {
    // People who never came are the generator's fault, not the sale's.
    const guards = guardsIn(thresholds).filter((each) => each !== "arrivals")
    expect(guards.length).toBeGreaterThan(0)
    for (const empty of guards) {
      const { verdict, failures } = judge(summaryOf(thresholds, empty), [passes("I1 seats sold once", "", "")], {
        people: 100,
      })
      expect([verdict, ...failures]).toEqual(["FAIL", expect.stringContaining(`k6 ${empty}: expected count>0`)])
    }
  })
}

/** A run in which all went well but that one thing never happened. */
const summaryOf = (thresholds: Record<string, string[]>, empty: string): K6Summary => ({
  state: { testRunDurationMs: 10_000 },
  metrics: Object.fromEntries(
    Object.entries(thresholds).map(([metric, expressions]) => [
      metric,
      {
        type: "counter",
        values: { count: metric === empty ? 0 : 1000 },
        thresholds: Object.fromEntries(
          expressions.map((expression) => [expression, { ok: !(metric === empty && expression === "count>0") }]),
        ),
      },
    ]),
  ),
})
