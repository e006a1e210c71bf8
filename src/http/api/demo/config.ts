import { t } from "elysia"
import { defaultSettings } from "../../../lab/model/settings.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import type { Lab } from "../../../lab/lab.ts"
import { bodyBytesMax } from "../../core/body.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute } from "../../core/route.ts"
import { Count } from "../../core/schemas.ts"
import { fansMax } from "./fans.ts"
import { openK6Watch } from "./k6-watch.ts"
import { DefaultsView, PresetView, scenarioBody, ScenarioView } from "./run-schemas.ts"

type Used = Pick<Parts, "config" | "clock">

export const configRoutes = (parts: Used, lab: Lab) => {
  const k6 = openK6Watch(lab, parts.clock)
  return [
    apiRoute({
      method: "GET",
      path: "/v1/demo/config",
      who: "demo",
      limit: "none",
      summary: "Limits and defaults of the demo, and whether k6 is there",
      tag: "demo",
      body: "none",
      answers: { 200: ConfigView },
      refuses: [503],
      handler: async () => configOf(parts, lab, await k6.find()),
    }),
  ]
}

const ConfigView = t.Object({
  limits: t.Object({ vus_max: Count, total_seats: Count, length_ms: Count, fans: Count, body_bytes: Count }),
  defaults: DefaultsView,
  scenarios: t.Array(ScenarioView),
  presets: t.Array(PresetView),
  k6: t.Object({ ready: t.Boolean(), version: t.Nullable(t.String()), detail: t.String() }),
  demo_key_needed: t.Boolean(),
})

const configOf = (
  { config }: Used,
  { limits: { vusMax, totalSeats, length }, catalog }: Lab,
  found: Awaited<ReturnType<Lab["k6"]>>,
) => ({
  limits: {
    vus_max: vusMax,
    total_seats: totalSeats,
    length_ms: length as number,
    fans: fansMax,
    body_bytes: bodyBytesMax,
  },
  defaults: defaultSettings,
  scenarios: catalog.map(scenarioBody),
  presets,
  k6:
    "missing" in found
      ? { ready: false, version: null, detail: found.missing }
      : { ready: true, version: found.version, detail: `k6 ${found.version} is ready` },
  demo_key_needed: config.demoKey !== undefined,
})
