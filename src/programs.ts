import { existsSync, readdirSync } from "node:fs"
import { Refusal } from "./exit.ts"

/** The k6 that scripts/k6 pins; its build in the cache is found under this version. */
export const k6Pinned = "2.2.0"

/** Where to look: the folders of PATH first, then the usual places. */
export type ProgramSearch = { path?: string; places?: string[] }

/** Debian's and Homebrew's folders. A `*` stands for one folder that has to do with versions; the newest goes first. */
const usualPlaces = [
  "/usr/local/bin",
  "/usr/bin",
  "/bin",
  "/usr/sbin",
  "/usr/local/go/bin",
  "/opt/homebrew/bin",
  "/usr/lib/postgresql/*/bin",
  "/opt/homebrew/opt/postgresql*/bin",
  "/usr/local/opt/postgresql*/bin",
]

export const thisProgram = () => [process.execPath, ...(Bun.isStandaloneExecutable ? [] : [Bun.main])]

export const findProgram = (name: string, search: ProgramSearch = {}): string | undefined => {
  const among = folders(search)
  // An empty PATH would mean the one of this process.
  return among.length === 0 ? undefined : (Bun.which(name, { PATH: among.join(":") }) ?? undefined)
}

export type PostgresPrograms = { folder: string; major: number }

/** A folder with `postgres` and `initdb`, the newest or the one of `major`. Debian keeps it out of PATH. */
export const findPostgres = (search: ProgramSearch & { major?: number } = {}): PostgresPrograms | undefined => {
  for (const folder of folders(search)) {
    if (!existsSync(`${folder}/postgres`) || !existsSync(`${folder}/initdb`)) continue
    const major = Number(/ (\d+)/.exec(answer([`${folder}/postgres`, "--version"]))?.[1])
    if (major >= oldestPostgres && (search.major === undefined || major === search.major)) return { folder, major }
  }
  return undefined
}

const oldestPostgres = 14

const folders = ({ path = "", places = usualPlaces }: ProgramSearch) => [
  ...path.split(":").filter((each) => each !== ""),
  ...places.flatMap((place) => (place.includes("*") ? matching(place) : [place])),
]

const matching = (place: string) => {
  const [above = "", below = ""] = place.split("*")
  const folder = above.slice(0, above.lastIndexOf("/"))
  const start = above.slice(folder.length + 1)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(start))
    .toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }))
    .map((name) => `${folder}/${name}${below}`)
}

export type K6Search = { bin?: string; path: string; cacheDir: string; home: string }
export type K6 = { path: string; version: string }

export const findK6 = async (search: K6Search): Promise<K6> => {
  const found = await lookupK6(search)
  if ("missing" in found) throw new Refusal("missing", found.missing)
  return found
}

/** Looks at K6_BIN, PATH, the cache and Go's folder, in this order. Only version 2 and newer will do: flags differ before. */
export const lookupK6 = async ({ bin, path, cacheDir, home }: K6Search): Promise<K6 | { missing: string }> => {
  const candidates = bin
    ? [bin.includes("/") ? bin : (findProgram(bin, { path }) ?? bin)]
    : [findProgram("k6", { path }), `${cacheDir}/k6-v${k6Pinned}/k6`, await goK6(path), `${home}/go/bin/k6`]
  let refused = ""
  for (const candidate of candidates) {
    if (candidate === undefined || !existsSync(candidate)) continue
    const version = /k6 v(\d+\.\d+\.\d+\S*)/.exec(await answerLater([candidate, "version"]))?.[1]
    if (version !== undefined && Number.parseInt(version, 10) >= 2) return { path: candidate, version }
    refused ||=
      version === undefined
        ? `${candidate} does not run as k6`
        : `${candidate} is k6 ${version}, and 2 or newer is needed`
  }
  if (refused === "" && bin) refused = `K6_BIN names ${bin}, which is not there`
  return {
    missing: `${refused === "" ? "k6 is missing" : refused}: run scripts/k6-build, or set K6_BIN to a k6 of version 2`,
  }
}

const goK6 = async (path: string) => {
  const go = findProgram("go", { path })
  const folder = go && (await answerLater([go, "env", "GOPATH"])).trim()
  return folder ? `${folder}/bin/k6` : undefined
}

/** What a program prints; empty when it does not run and end within five seconds. */
export const answerLater = async (command: string[]): Promise<string> => {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve(""), answerWithinMs)
  try {
    const child = Bun.spawn(command, {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: answerWithinMs,
      killSignal: "SIGKILL",
    })
    // A grandchild may hold the pipe open beyond the end of the program.
    return await Promise.race([new Response(child.stdout).text(), late.promise])
  } catch {
    return ""
  } finally {
    clearTimeout(timer)
  }
}

const answer = (command: string[]): string => {
  try {
    return Bun.spawnSync(command, { stdin: "ignore", stderr: "ignore", timeout: answerWithinMs }).stdout.toString()
  } catch {
    return ""
  }
}

const answerWithinMs = 5000
