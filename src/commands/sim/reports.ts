import { resolve } from "node:path"
import { Refusal } from "../../exit.ts"
import { reportHtml } from "../../http/pages/lab/report-html.ts"
import { seriesCsv } from "../../lab/report/csv.ts"
import { reportJson } from "../../lab/report/report.ts"
import type { ReportOptions } from "./options.ts"
import { lookupObstacle, writeOutput, type OutputFile } from "./output-file.ts"
import type { Result } from "./result.ts"

type Kind = keyof ReportOptions

export const reportFlags: Record<Kind, string> = { html: "--html", csv: "--csv", reportJson: "--report-json" }
const samples: Record<Kind, string> = { html: "run.html", csv: "run.csv", reportJson: "run.json" }

/** What stands in a path for the run, where there are several. */
export const placeholderOf = (scenario: string) => (scenario === "all" ? "{scenario}" : "{n}")

export const reportsOf = ({ html, csv, reportJson }: ReportOptions, scenario: string, n = 1): ReportOptions => {
  const fill = (path?: string) => path?.replaceAll("{scenario}", scenario).replaceAll("{n}", String(n))
  return { html: fill(html), csv: fill(csv), reportJson: fill(reportJson) }
}

/** Writes what was asked for and answers the paths. @throws Refusal naming the flag and the fix */
export const writeReports = async ({ body, points }: Result, reports: ReportOptions): Promise<string[]> => {
  const texts: Record<Kind, () => string> = {
    html: () => reportHtml(body, points),
    csv: () => seriesCsv(body, points),
    reportJson: () => reportJson(body, points),
  }
  await checkReports(reports)
  const files = filesOf(reports)
  for (const file of files) await writeOutput(file, texts[file.kind]())
  return files.map((each) => each.path)
}

/** Whether all could be written, each to a file of its own. @throws Refusal */
export const checkReports = async (reports: ReportOptions): Promise<void> => {
  const files = filesOf(reports)
  const reasons: string[] = []
  for (const [index, file] of files.entries()) {
    const obstacle = await lookupObstacle(file)
    if (obstacle !== undefined) reasons.push(obstacle)
    const twin = files.slice(index + 1).find((each) => resolve(each.path) === resolve(file.path))
    if (twin !== undefined) reasons.push(`${file.flag} and ${twin.flag} name the same file ${file.path}: name two`)
  }
  if (reasons.length > 0) throw new Refusal("usage", reasons)
}

const filesOf = (reports: ReportOptions): (OutputFile & { kind: Kind })[] =>
  (Object.keys(reportFlags) as Kind[]).flatMap((kind) => {
    const path = reports[kind]
    return path === undefined ? [] : [{ kind, flag: reportFlags[kind], path, sample: samples[kind] }]
  })
