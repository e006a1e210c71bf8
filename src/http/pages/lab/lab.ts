import { Elysia, t } from "elysia"
import { NoticePage } from "../../../../views/shared/notice-page.tsx"
import { version } from "../../../version.ts"
import { addresses, assetRoutes } from "../../core/assets.ts"
import { openRunPages } from "./run-pages.ts"
import { openHistoryPages } from "./history-pages.ts"
import { openLabSide } from "./side.ts"
import { noticeOf, orPage, page, seeOther } from "../../core/page.ts"
import { lookupLab } from "../../core/lab.ts"
import type { Parts } from "../../core/parts.ts"

/** The pages of the load lab, at /lab; `/` leads there. Where there is none, `/` says what this server is. */
export const labRoutes = (parts: Parts) => {
  const lab = lookupLab(parts)
  const routes = new Elysia({ name: "lab" }).use(assetRoutes())
  const hide = { detail: { hide: true } }
  if (lab === undefined) return routes.get("/", frontPage, hide)

  const side = openLabSide(parts, lab)
  const pages = openRunPages(parts, lab, side)
  const runs = openHistoryPages(parts, lab, side)
  const form = { ...hide, parse: "none" as const }
  const one = { ...hide, params: t.Object({ run_id: t.String({ maxLength: 64 }) }) }
  const oneForm = { ...one, parse: "none" as const }
  return routes
    .get("/", ({ request }) => seeOther(`/lab${new URL(request.url).search}`), hide)
    .get("/lab", ({ query }) => orNotice(() => pages.front(query)), hide)
    .get("/lab/estimate", ({ query }) => pages.estimate(query), hide)
    .get("/lab/figures", ({ query }) => pages.figures(query), hide)
    .get("/lab/history", ({ query }) => orNotice(() => runs.history(query)), hide)
    .get("/lab/compare", ({ request }) => orNotice(() => runs.compare(request)), hide)
    .get("/lab/reset", () => runs.askReset(), hide)
    .post("/lab/reset", ({ request }) => orNotice(() => runs.reset(request)), form)
    .get("/lab/runs", () => seeOther("/lab"), hide)
    .post("/lab/runs", ({ request }) => orNotice(() => pages.start(request)), form)
    .get("/lab/runs/:run_id", ({ params, query }) => orNotice(() => pages.show(params.run_id, query)), one)
    .get("/lab/runs/:run_id/live", ({ params, query }) => pages.live(params.run_id, query), one)
    .get("/lab/runs/:run_id/replay", ({ params, query }) => pages.replay(params.run_id, query), one)
    .get("/lab/runs/:run_id/stop", ({ params }) => orNotice(() => runs.ask("stop", params.run_id)), one)
    .post("/lab/runs/:run_id/stop", ({ params, request }) => orNotice(() => runs.stop(params.run_id, request)), oneForm)
    .get("/lab/runs/:run_id/star", ({ params }) => orNotice(() => runs.ask("star", params.run_id)), one)
    .post("/lab/runs/:run_id/star", ({ params, request }) => orNotice(() => runs.star(params.run_id, request)), oneForm)
    .get("/lab/runs/:run_id/delete", ({ params }) => orNotice(() => runs.ask("delete", params.run_id)), one)
    .post(
      "/lab/runs/:run_id/delete",
      ({ params, request }) => orNotice(() => runs.forget(params.run_id, request)),
      oneForm,
    )
}

const frontPage = () =>
  page(
    NoticePage({
      assets: addresses,
      heading: "Traffic",
      text: `This server sells seats, fairly: one queue, one position for each, and no way past it. Version ${version}.`,
      link: { href: "/events", label: "Events" },
    }),
  )

/** A page answers a refusal with a page. */
const orNotice = (answer: () => Promise<Response>) =>
  orPage(answer, (fault) =>
    page(
      NoticePage({
        assets: addresses,
        ...noticeOf(fault),
        link: { href: "/lab", label: "To the control center" },
      }),
      { status: fault.status },
    ),
  )
