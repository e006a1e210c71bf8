import { access, constants, open, stat, unlink, writeFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Refusal } from "../../exit.ts"

export type OutputFile = { flag: string; path: string; sample: string }

/** What stood there before is replaced. @throws Refusal naming the flag and the fix */
export const writeOutput = ({ flag, path, sample }: OutputFile, text: string): Promise<void> =>
  writeFile(path, text).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal("usage", `${flag} ${path}: ${fixOf(sample, error.code, path)}`, { cause: error })
  })

/** Whether the file could be written, leaving what is there as it is: a long run must not end without its report. @throws Refusal */
export const checkOutput = async (file: OutputFile): Promise<void> => {
  const reason = await lookupObstacle(file)
  if (reason !== undefined) throw new Refusal("usage", reason)
}

export const lookupObstacle = async ({ flag, path, sample }: OutputFile): Promise<string | undefined> => {
  const fix = await fixFor(path, sample)
  return fix === undefined ? undefined : `${flag} ${path}: ${fix}`
}

const fixFor = async (path: string, sample: string): Promise<string | undefined> => {
  if (path.trim() === "") return "name a file to write"
  const target = resolve(path)
  const present = await lookup(target)
  if (present === "ENAMETOOLONG") return fixOf(sample, present, path)
  if (typeof present !== "string") {
    if (present.isDirectory()) return fixOf(sample, "EISDIR", path)
    return tryAccess(sample, path, target)
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

const lookup = (path: string) => stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? "unknown")

const tryAccess = (sample: string, path: string, target: string) =>
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
