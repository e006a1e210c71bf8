import type { RunView } from "../../../../views/lab/run-view.ts"
import type { Run } from "../../../lab/model/run.ts"
import { requestOf } from "../../../lab/model/settings.ts"
import { chartsOf } from "../../../lab/report/charts.ts"
import { repeatLine } from "../../../lab/report/repeat.ts"
import { runBody } from "../../../lab/report/wire.ts"

export const runView = (run: Run): RunView => ({
  ...run,
  charts: chartsOf(runBody(run), run.live),
  command: commandOf(run),
})

const commandOf = ({ scenario, settings }: Run) => `./${repeatLine({ scenario, settings: requestOf(settings) })}`
