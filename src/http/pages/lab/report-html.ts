import { render } from "preact-render-to-string"
import look from "../../../../views/styles/report.css" with { type: "text" }
import runStyle from "../../../../views/styles/run.css" with { type: "text" }
import tokens from "../../../../views/styles/tokens.css" with { type: "text" }
import { ReportPage } from "../../../../views/report/page.tsx"
import type { RunBody } from "../../../lab/report/wire.ts"
import { reportOf } from "../../../lab/report/report.ts"
import type { SecondBody } from "../../../lab/report/second-body.ts"
import { repeatLine } from "../../../lab/report/repeat.ts"

/** Whatever stands in a page is escaped, and a double quote would not survive that. */
const style = `${tokens}\n${runStyle}\n${look}`.replaceAll('"', "'")

/** The style is known by its hash: nothing else runs, loads or is styled, wherever the file is opened. */
export const reportPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${new Bun.CryptoHasher("sha256").update(style).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ")

/** One HTML file that needs nothing else: no network, no script. */
export const reportHtml = (run: RunBody, points: SecondBody[]): string =>
  `<!doctype html>\n${render(
    ReportPage({ run, report: reportOf(run, points), command: commandOf(run), style, policy: reportPolicy }),
  )}\n`

const commandOf = (run: RunBody) => {
  const line = repeatLine(run)
  const { segment } = run
  return segment === null || segment === undefined || line.includes("--segment")
    ? line
    : `${line} --segment ${segment.index}/${segment.of}`
}
