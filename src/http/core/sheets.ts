import buttons from "../../../views/styles/buttons.css" with { type: "text" }
import charts from "../../../views/styles/charts.css" with { type: "text" }
import checks from "../../../views/styles/checks.css" with { type: "text" }
import consoleFrame from "../../../views/styles/console/console.css" with { type: "text" }
import consoleForms from "../../../views/styles/console/forms.css" with { type: "text" }
import consoleTables from "../../../views/styles/console/tables.css" with { type: "text" }
import fanEvents from "../../../views/styles/fan/events.css" with { type: "text" }
import fanFrame from "../../../views/styles/fan/frame.css" with { type: "text" }
import fanHall from "../../../views/styles/fan/hall.css" with { type: "text" }
import fanLook from "../../../views/styles/fan/look.css" with { type: "text" }
import fanSeats from "../../../views/styles/fan/seats.css" with { type: "text" }
import fanTables from "../../../views/styles/fan/tables.css" with { type: "text" }
import fanTickets from "../../../views/styles/fan/tickets.css" with { type: "text" }
import fanWaiting from "../../../views/styles/fan/waiting.css" with { type: "text" }
import fanWords from "../../../views/styles/fan/words.css" with { type: "text" }
import forms from "../../../views/styles/forms.css" with { type: "text" }
import labCharts from "../../../views/styles/lab/charts.css" with { type: "text" }
import labCompare from "../../../views/styles/lab/compare.css" with { type: "text" }
import labFields from "../../../views/styles/lab/fields.css" with { type: "text" }
import labFigures from "../../../views/styles/lab/figures.css" with { type: "text" }
import labFrame from "../../../views/styles/lab/frame.css" with { type: "text" }
import labFront from "../../../views/styles/lab/front.css" with { type: "text" }
import labHistory from "../../../views/styles/lab/history.css" with { type: "text" }
import labLook from "../../../views/styles/lab/look.css" with { type: "text" }
import labPresets from "../../../views/styles/lab/presets.css" with { type: "text" }
import labRun from "../../../views/styles/lab/run.css" with { type: "text" }
import labSetup from "../../../views/styles/lab/setup.css" with { type: "text" }
import labSide from "../../../views/styles/lab/side.css" with { type: "text" }
import notices from "../../../views/styles/notices.css" with { type: "text" }
import panels from "../../../views/styles/panels.css" with { type: "text" }
import reportCharts from "../../../views/styles/report/charts.css" with { type: "text" }
import reportLook from "../../../views/styles/report/look.css" with { type: "text" }
import reportPage from "../../../views/styles/report/page.css" with { type: "text" }
import reset from "../../../views/styles/reset.css" with { type: "text" }
import stacked from "../../../views/styles/stacked.css" with { type: "text" }
import tables from "../../../views/styles/tables.css" with { type: "text" }
import tokens from "../../../views/styles/tokens.css" with { type: "text" }
import verdict from "../../../views/styles/verdict.css" with { type: "text" }
import words from "../../../views/styles/words.css" with { type: "text" }

/** Tokens name the layers, so they come first. */
const ground = [tokens, reset, words]
const controls = [panels, buttons, forms, notices]
const fan = [...ground, ...controls, fanLook, fanWords, fanFrame]

export const sheets = {
  fan: [...fan, tables, fanTables, fanEvents, fanWaiting, fanHall, fanSeats, fanTickets].join("\n"),
  console: [...fan, tables, stacked, fanTables, consoleFrame, consoleForms, consoleTables].join("\n"),
  lab: [
    ...ground,
    ...controls,
    tables,
    stacked,
    charts,
    verdict,
    checks,
    labLook,
    labFrame,
    labSide,
    labFigures,
    labFront,
    labSetup,
    labFields,
    labPresets,
    labRun,
    labCharts,
    labHistory,
    labCompare,
  ].join("\n"),
  report: [...ground, tables, stacked, notices, charts, verdict, checks, reportLook, reportPage, reportCharts].join(
    "\n",
  ),
}
