import { render } from "preact-render-to-string"
import { ReportPage } from "../../../../views/report/page.tsx"
import { sheets } from "../../core/sheets.ts"
import type { RunBody } from "../../../lab/report/wire.ts"
import { reportOf } from "../../../lab/report/report.ts"
import type { SecondBody } from "../../../lab/report/second-body.ts"
import { repeatLine } from "../../../lab/report/repeat.ts"

/** The style is known by its hash: nothing else runs, loads or is styled, wherever the file is opened. */
export const reportPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${new Bun.CryptoHasher("sha256").update(sheets.report).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ")

export const reportHtml = (run: RunBody, points: SecondBody[]): string => {
  const page = render(ReportPage({ run, report: reportOf(run, points), command: commandOf(run), policy: reportPolicy }))
  // Our own constant text goes in behind the renderer, which would escape the & of nested rules.
  return `<!doctype html>\n${page.replace("<style></style>", () => `<style>${sheets.report}</style>`)}\n`
}

const commandOf = (run: RunBody) => {
  const line = repeatLine(run)
  const { segment } = run
  return segment === null || segment === undefined || line.includes("--segment")
    ? line
    : `${line} --segment ${segment.index}/${segment.of}`
}
