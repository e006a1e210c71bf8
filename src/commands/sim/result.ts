import type { SecondBody } from "../../lab/report/second-body.ts"
import { withCosts } from "../../lab/report/record.ts"
import type { RunBody } from "../../lab/report/wire.ts"

export type Result = { body: RunBody; points: SecondBody[] }

/** As `--json` prints it; the first five members are what scripts rely on. */
export const resultBody = ({ body, points }: Result) => ({
  run_id: body.run_id,
  scenario: body.scenario,
  verdict: body.verdict ?? body.status.toUpperCase(),
  checks: body.checks,
  metrics: withCosts(body, points),
  failures: body.failures,
  settings: body.settings,
  sale_id: body.sale_id,
  traffic_version: body.traffic_version,
  k6_version: body.k6_version,
  created_at: body.created_at,
  script_hash: body.script_hash,
  machine: body.machine,
  preset: body.preset,
  segment: body.segment,
  capacity: body.capacity,
  limited_by: body.limited_by,
})
