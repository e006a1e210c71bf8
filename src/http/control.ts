import { Elysia, t } from "elysia"
import { ControlPage, PageTitle } from "../../views/control-page.tsx"
import { Figures, type FiguresProps } from "../../views/figures.tsx"
import { History } from "../../views/history.tsx"
import { NoticePage } from "../../views/notice-page.tsx"
import { Announcement, RunActions, RunLive } from "../../views/run-panel.tsx"
import { K6Note, Setup, type SetupProps } from "../../views/setup.tsx"
import { sentence } from "../../views/words.ts"
import { Fault, faults, isFault } from "../fault.ts"
import type { RunId, SaleId } from "../ids.ts"
import type { Lab } from "../lab/lab.ts"
import { isFinal, type Run } from "../lab/run.ts"
import { parseRunSettings } from "../lab/run-settings.ts"
import { version } from "../version.ts"
import { addresses, assetRoutes } from "./assets.ts"
import { fieldViews, figuresView, runView, scenarioView, serverView, typedOf, type Typed } from "./control-views.ts"
import { requireDemo } from "./credentials.ts"
import { readForm } from "./form.ts"
import type { Gate } from "./gate.ts"
import { openK6Watch } from "./k6-watch.ts"
import { fragment, page, seeOther } from "./page.ts"
import type { Parts } from "./parts.ts"

const runsListed = 30
const saleKeptMs = 5000

type Form = {
  typed: Typed
  scenario?: string
  asked?: boolean
  errors: Partial<Record<string, string>>
  notice?: string
}

/** The pages of the load control center. In production `/` only says what this is. */
export const controlRoutes = (parts: Parts, _gate: Gate) => {
  const { lab, config } = parts
  const routes = new Elysia({ name: "control" }).use(assetRoutes())
  if (lab === undefined || config.mode === "production")
    return routes
      .get("/control", () => seeOther("/control/sales"), { detail: { hide: true } })
      .get(
        "/",
        () =>
          page(
            NoticePage({
              assets: addresses,
              heading: "Traffic",
              text: `This server sells seats, fairly: one queue, one position for each, and no way past it. Version ${version}.`,
              link: { href: "/events", label: "Events" },
            }),
          ),
        { detail: { hide: true } },
      )

  const control = openControl(parts, lab)
  const hide = { hide: true }
  const runParams = { params: t.Object({ run_id: t.String({ maxLength: 64 }) }), detail: hide }
  return routes
    .get("/", ({ query }) => orNotice(() => control.front(query["again"])), { detail: hide })
    .get("/control", ({ query }) => orNotice(() => control.front(query["again"])), { detail: hide })
    .post("/control/runs", ({ request }) => orNotice(() => control.start(request)), { parse: "none", detail: hide })
    .get("/control/runs", () => seeOther("/"), { detail: hide })
    .get("/control/runs/:run_id", ({ params }) => orNotice(() => control.show(params.run_id)), runParams)
    .get("/control/runs/:run_id/live", ({ params, query }) => control.live(params.run_id, query["seen"]), runParams)
    .post("/control/runs/:run_id/stop", ({ params, request }) => orNotice(() => control.stop(params.run_id, request)), {
      ...runParams,
      parse: "none",
    })
    .get("/control/figures", ({ query }) => control.figures(query["run"]), { detail: hide })
}

const openControl = (parts: Parts, lab: Lab) => {
  const { clock, config, demo } = parts
  const findRun = (text: string) => lab.find(text.slice(0, 64) as RunId)

  const k6 = openK6Watch(lab, clock)
  let current: { saleId: SaleId; until: number } | undefined
  /** The sale in view when no run is: asked for at most every five seconds. */
  const currentSale = async (): Promise<SaleId> => {
    if (current === undefined || clock() > current.until)
      current = { saleId: await demo.current(), until: clock() + saleKeptMs }
    return current.saleId
  }

  const figuresOf = async (shown: Run | undefined): Promise<FiguresProps> => {
    const active = lab.active()
    const run = active ?? shown
    const running = run !== undefined && !isFinal(run.state)
    const saleId = run?.saleId ?? (await currentSale())
    return {
      figures: figuresView(parts, saleId),
      point: running ? run.live.at(-1) : undefined,
      server: serverView(parts, await k6.find()),
      poll: `/control/figures${shown === undefined ? "" : `?run=${shown.runId}`}`,
      running,
      watch: active !== undefined && active.runId !== shown?.runId ? `/control/runs/${active.runId}` : undefined,
    }
  }

  const setupOf = async ({
    typed,
    scenario,
    errors,
    notice,
    asked = notice !== undefined,
  }: Form): Promise<SetupProps> => {
    const found = await k6.find()
    return {
      scenarios: lab.catalog.map(scenarioView),
      chosen: scenario ?? lab.catalog[0]?.name ?? "",
      fields: fieldViews(lab, typed, errors),
      notice,
      asked,
      scenarioError: errors["scenario"],
      keyNeeded: config.demoKey !== undefined,
      keyError: errors["demo_key"],
      busy: lab.active() !== undefined,
      k6Missing: "missing" in found ? found.missing : undefined,
    }
  }

  const whole = async (shown: Run | undefined, form: Form, status = 200) => {
    const [runs, figures, setup] = await Promise.all([lab.list(runsListed), figuresOf(shown), setupOf(form)])
    return page(
      ControlPage({
        assets: addresses,
        now: clock(),
        run: shown && runView(shown),
        runs: runs.map(runView),
        setup,
        figures,
      }),
      { status },
    )
  }

  return {
    /** The run under way, else the latest one; the form as it was last used when it is asked for. */
    front: async (again: string | undefined) => {
      const shown = lab.active() ?? (await newest(lab))
      const repeated = again === undefined ? undefined : await findRun(again)
      return whole(
        shown,
        repeated === undefined
          ? emptyForm
          : { typed: typedOf(repeated), scenario: repeated.scenario, errors: {}, asked: true },
      )
    },

    show: async (runId: string) => {
      const run = await findRun(runId)
      return whole(run, { typed: typedOf(run), scenario: run.scenario, errors: {} })
    },

    /** What changes every second; what changes with the state comes along only when the state is another than the page has seen. */
    live: async (runId: string, seen: string | undefined) => {
      const run = await findRun(runId)
      const view = runView(run)
      const parts = [
        PageTitle({ run: view }),
        RunLive({ run: view, now: clock() }),
        Figures({ ...(await figuresOf(run)), swapped: true }),
      ]
      if (run.state !== seen) parts.push(Announcement({ run: view }))
      if (run.state !== seen && isFinal(run.state)) {
        const runs = await lab.list(runsListed)
        parts.push(
          RunActions({ run: view, swapped: true }),
          History({ runs: runs.map(runView), shown: run.runId, swapped: true }),
          Setup({ ...(await setupOf({ typed: typedOf(run), scenario: run.scenario, errors: {} })), swapped: true }),
        )
      }
      return fragment(...parts)
    },

    figures: async (runId: string | undefined) => {
      const [figures, found] = await Promise.all([
        figuresOf(runId === undefined ? undefined : await findRun(runId)),
        k6.find(),
      ])
      return fragment(
        Figures(figures),
        K6Note({ missing: "missing" in found ? found.missing : undefined, swapped: true }),
      )
    },

    start: async (request: Request) => {
      const fields = await readForm(request)
      const { scenario, demo_key: key, ...typed } = fields
      const form: Form = { typed, scenario, errors: errorsOf(lab, fields) }
      try {
        requireDemo(config, key ?? request.headers.get("x-demo-key"))
      } catch (error) {
        if (!isFault(error, "forbidden")) throw error
        form.errors["demo_key"] = "This is not the demo key of this server."
      }
      if (Object.keys(form.errors).length > 0)
        return whole(lab.active(), { ...form, notice: "The run was not started: see below." }, 400)
      try {
        if (lab.active() !== undefined)
          throw new Fault("loadtest_busy", "Two runs would measure each other: wait for this one or stop it")
        const run = await lab.start(requestFrom(fields))
        return seeOther(`/control/runs/${run.runId}`)
      } catch (error) {
        if (!isFault(error)) throw error
        return whole(lab.active(), { ...form, notice: sentenceOf(error) }, error.status)
      }
    },

    stop: async (runId: string, request: Request) => {
      const fields = await readForm(request)
      requireDemo(config, fields["demo_key"] ?? request.headers.get("x-demo-key"))
      const run = await lab.stop((await findRun(runId)).runId)
      return seeOther(`/control/runs/${run.runId}`)
    },
  }
}

const emptyForm: Form = { typed: {}, errors: {} }

const newest = async (lab: Lab): Promise<Run | undefined> => {
  const [latest] = await lab.list(1)
  return latest && lab.find(latest.runId)
}

const wholeFields = ["vus_max", "admit_per_minute", "waiting_room_cap", "total_seats", "seed"]
const timeFields = ["ramp_up", "steady", "ramp_down"]

/** The form as a request of the lab: an empty field is absent, thousands may be set apart. */
const requestFrom = (fields: Record<string, string>): Record<string, unknown> => {
  const request: Record<string, unknown> = { scenario: fields["scenario"] }
  for (const name of timeFields) if (fields[name]?.trim()) request[name] = fields[name].replaceAll(" ", "")
  for (const name of wholeFields) if (fields[name]?.trim()) request[name] = numberIn(fields[name])
  return request
}

const numberIn = (text: string): number | string => {
  const digits = text.trim().replace(/(?<=\d)[,_' ](?=\d{3}(\D|$))/g, "")
  return /^-?\d+(\.\d+)?$/.test(digits) ? Number(digits) : text
}

/** Every field is judged by itself, so that all sentences come at once. */
const errorsOf = (lab: Lab, fields: Record<string, string>) => {
  const request = requestFrom(fields)
  const errors: Partial<Record<string, string>> = {}
  const judge = (one: Record<string, unknown>) => {
    try {
      parseRunSettings(one, lab.limits, 0)
    } catch (error) {
      if (!isFault(error, "invalid_scenario")) throw error
      errors[String(error.facts["field"])] = sentence(String(error.facts["fix"]))
    }
  }
  judge({ scenario: request["scenario"] })
  const scenario = lab.catalog[0]?.name
  for (const name of [...wholeFields, ...timeFields])
    if (request[name] !== undefined) judge({ scenario, [name]: request[name] })
  return errors
}

const sentenceOf = (fault: Fault) => sentence(`${faults[fault.code].title}: ${fault.message}`)

/** A page answers a refusal with a page. */
const orNotice = async (answer: () => Promise<Response>): Promise<Response> => {
  try {
    return await answer()
  } catch (error) {
    if (!isFault(error)) throw error
    return page(
      NoticePage({
        assets: addresses,
        heading: faults[error.code].title,
        text: error.message,
        link: { href: "/", label: "To the control center" },
      }),
      { status: error.status },
    )
  }
}
