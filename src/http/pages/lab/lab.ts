import { Elysia, t } from "elysia"
import { NoticePage } from "../../../../views/shared/notice-page.tsx"
import { version } from "../../../version.ts"
import { addresses, assetRoutes } from "../../core/assets.ts"
import { openControlPages } from "./run-pages.ts"
import { openControlRuns } from "./history-pages.ts"
import { openControlSide } from "./side.ts"
import type { Caller } from "../../core/caller.ts"
import { noticeOf, orPage, page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"

/** The pages of the load control center. In production `/` only says what this is. */
export const controlRoutes = (parts: Parts, _gate: Caller) => {
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

  const side = openControlSide(parts, lab)
  const pages = openControlPages(parts, lab, side)
  const runs = openControlRuns(parts, lab, side)
  const hide = { detail: { hide: true } }
  const form = { ...hide, parse: "none" as const }
  const one = { ...hide, params: t.Object({ run_id: t.String({ maxLength: 64 }) }) }
  const oneForm = { ...one, parse: "none" as const }
  return routes
    .get("/", ({ query }) => orNotice(() => pages.front(query)), hide)
    .get("/control", ({ query }) => orNotice(() => pages.front(query)), hide)
    .get("/control/estimate", ({ query }) => pages.estimate(query), hide)
    .get("/control/figures", ({ query }) => pages.figures(query), hide)
    .get("/control/history", ({ query }) => orNotice(() => runs.history(query)), hide)
    .get("/control/compare", ({ request }) => orNotice(() => runs.compare(request)), hide)
    .get("/control/reset", () => runs.askReset(), hide)
    .post("/control/reset", ({ request }) => orNotice(() => runs.reset(request)), form)
    .get("/control/runs", () => seeOther("/"), hide)
    .post("/control/runs", ({ request }) => orNotice(() => pages.start(request)), form)
    .get("/control/runs/:run_id", ({ params, query }) => orNotice(() => pages.show(params.run_id, query)), one)
    .get("/control/runs/:run_id/live", ({ params, query }) => pages.live(params.run_id, query), one)
    .get("/control/runs/:run_id/replay", ({ params, query }) => pages.replay(params.run_id, query), one)
    .get("/control/runs/:run_id/stop", ({ params }) => orNotice(() => runs.ask("stop", params.run_id)), one)
    .post(
      "/control/runs/:run_id/stop",
      ({ params, request }) => orNotice(() => runs.stop(params.run_id, request)),
      oneForm,
    )
    .get("/control/runs/:run_id/star", ({ params }) => orNotice(() => runs.ask("star", params.run_id)), one)
    .post(
      "/control/runs/:run_id/star",
      ({ params, request }) => orNotice(() => runs.star(params.run_id, request)),
      oneForm,
    )
    .get("/control/runs/:run_id/delete", ({ params }) => orNotice(() => runs.ask("delete", params.run_id)), one)
    .post(
      "/control/runs/:run_id/delete",
      ({ params, request }) => orNotice(() => runs.forget(params.run_id, request)),
      oneForm,
    )
}

/** A page answers a refusal with a page. */
const orNotice = (answer: () => Promise<Response>) =>
  orPage(answer, (fault) =>
    page(
      NoticePage({
        assets: addresses,
        ...noticeOf(fault),
        link: { href: "/", label: "To the control center" },
      }),
      { status: fault.status },
    ),
  )
