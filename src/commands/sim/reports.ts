import { access, constants, open, stat, unlink, writeFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Refusal } from "../../exit.ts"
import { reportHtml } from "../../http/pages/lab/report-html.ts"
import { seriesCsv } from "../../lab/report/csv.ts"
import { reportJson } from "../../lab/report/report.ts"
import type { SecondBody } from "../../lab/report/second-body.ts"
import type { RunBody } from "../../lab/report/wire.ts"

/** Where the reports of a run go, as the flags named it. */
export type ReportPaths = { html?: string; csv?: string; json?: string }

const flags = { html: "--html", csv: "--csv", json: "--report-json" } as const
type Kind = keyof typeof flags

/** The paths that the flags of `traffic sim` name. */
export const reportPathsOf = ({
  html,
  csv,
  reportJson: json,
}: {
  html?: string
  csv?: string
  reportJson?: string
}): ReportPaths => ({
  ...(html === undefined ? {} : { html }),
  ...(csv === undefined ? {} : { csv }),
  ...(json === undefined ? {} : { json }),
})

/**
 * Writes what was asked for and answers the paths. What stood there before is replaced.
 * @throws Refusal (exit 64) naming the flag and the fix
 */
export const writeReports = async (run: RunBody, points: SecondBody[], paths: ReportPaths): Promise<string[]> => {
  const texts: Record<Kind, () => string> = {
    html: () => reportHtml(run, points),
    csv: () => seriesCsv(run, points),
    json: () => reportJson(run, points),
  }
  await checkReportPaths(paths)
  const wanted = wantedOf(paths)
  for (const { kind, path } of wanted)
    await writeFile(path, texts[kind]()).catch((error: NodeJS.ErrnoException) => {
      throw new Refusal("usage", [`${flags[kind]} ${path}: ${fixOf(`run.${kind}`, error.code, path)}`])
    })
  return wanted.map((each) => each.path)
}

/**
 * Whether the files could be written, leaving what is there as it is: a long run must not end without its report.
 * @throws Refusal
 */
export const checkReportPaths = async (paths: ReportPaths): Promise<void> => {
  const wanted = wantedOf(paths)
  const reasons: string[] = []
  for (const [index, { kind, path }] of wanted.entries()) {
    const fix = await obstacleOf(path, `run.${kind}`)
    if (fix !== undefined) reasons.push(`${flags[kind]} ${path}: ${fix}`)
    const twin = wanted.slice(index + 1).find((each) => resolve(each.path) === resolve(path))
    if (twin !== undefined) reasons.push(`${flags[kind]} and ${flags[twin.kind]} name the same file ${path}: name two`)
  }
  if (reasons.length > 0) throw new Refusal("usage", reasons)
}

/**
 * The same for one file of another kind; `sample` is a name that would do.
 * @throws Refusal
 */
export const checkPath = async (flag: string, path: string, sample: string): Promise<void> => {
  const fix = await obstacleOf(path, sample)
  if (fix !== undefined) throw new Refusal("usage", `${flag} ${path}: ${fix}`)
}

const wantedOf = (paths: ReportPaths) =>
  (Object.keys(flags) as Kind[]).flatMap((kind) => {
    const path = paths[kind]
    return path === undefined ? [] : [{ kind, path }]
  })

const obstacleOf = async (path: string, sample: string): Promise<string | undefined> => {
  if (path.trim() === "") return "name a file to write"
  const target = resolve(path)
  const present = await lookup(target)
  if (present === "ENAMETOOLONG") return fixOf(sample, present, path)
  if (typeof present !== "string") {
    if (present.isDirectory()) return fixOf(sample, "EISDIR", path)
    return refusalOf(sample, path, target)
  }
  const folder = await lookup(dirname(target))
  if (typeof folder === "string") return fixOf(sample, folder, path)
  if (!folder.isDirectory()) return fixOf(sample, "ENOTDIR", path)
  return tryOut(sample, path, target)
}

/** Rights and mounts have too many ways to refuse: the file is made and taken away again. */
const tryOut = async (sample: string, path: string, target: string): Promise<string | undefined> => {
  try {
    await (await open(target, "wx")).close()
    await unlink(target)
    return undefined
  } catch (error) {
    return fixOf(sample, (error as NodeJS.ErrnoException).code, path)
  }
}

/** What is there, or the code of the error. */
const lookup = (path: string) => stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? "unknown")

const refusalOf = (sample: string, path: string, target: string) =>
  access(target, constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => fixOf(sample, error.code, path),
  )

const fixOf = (sample: string, code: string | undefined, path: string): string => {
  const folder = dirname(path)
  switch (code) {
    case "ENOENT":
      return `there is no folder ${folder}; make it first or name a file elsewhere`
    case "ENOTDIR":
      return `${folder} is a file, not a folder; name a file elsewhere`
    case "EISDIR":
      return `this is a folder; name a file in it, such as ${join(path, sample)}`
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "writing there is not allowed; name a file in a folder that you may write to"
    case "ENOSPC":
      return "the disk is full; make room or name a file on another disk"
    case "ENAMETOOLONG":
      return "the name is too long; name a shorter one"
    default:
      return `it cannot be written (${code ?? "unknown"}); name a file elsewhere`
  }
}
