import pino from "pino"
import type { RunId, SaleId } from "./ids.ts"
import { seconds, type Millis } from "./units.ts"

/** Every field that a line may have. Names are snake_case, units are the last word. */
export type LogFields = {
  error?: unknown
  sale_id?: SaleId
  run_id?: RunId
  node_id?: string
  request_id?: string
  method?: string
  path?: string
  store?: string
  loop?: string
  exit_code?: number | null
  ending?: string
  restarts?: number
  again_in_ms?: number
  last_lines?: string[]
  lost_ms?: number
  offset_ms?: number
  count?: number
  epoch?: number
  generation?: number
  entries?: number
  resumed_at?: number
  joined?: number
  journaled?: number
  now_serving?: number
  told_joined?: number
  told_now_serving?: number
  detail?: string
}

type Level = "debug" | "info" | "warn" | "error"
type Write = (level: Level, fields: LogFields, message: string) => void

export type Log = { [level in Level]: (fields: LogFields, message: string) => void }

/**
 * JSON lines on standard error, so that standard output stays the command's own. A line that repeats within `quiet` is written
 * once; how often it came again is written when the time is over.
 */
export const openLog = (level: string, quiet: Millis = seconds(10)): Log => {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: wholeError } }
  const logger = pino(options, pino.destination({ fd: 2, sync: true }))
  const write = throttled((at, fields, message) => logger[at](fields, message), quiet)
  const at = (name: Level) => (fields: LogFields, message: string) => {
    if (logger.isLevelEnabled(name)) write(name, fields, message)
  }
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Standard serializers know errors under `err` alone; under any other name an error would become {}. */
const wholeError = (error: unknown, depth = 0): object => {
  if (!(error instanceof Error)) return { message: typeof error === "string" ? error : Bun.inspect(error) }
  const { name, message, stack, cause } = error
  return {
    name,
    message,
    code: (error as { code?: unknown }).code,
    stack,
    cause: cause === undefined || depth === causesMax ? undefined : wholeError(cause, depth + 1),
  }
}

const throttled = (write: Write, quiet: Millis): Write => {
  const watched = new Map<string, Repeats>()

  const watch = (key: string, level: Level, fields: LogFields, message: string) => {
    if (watched.size === watchedMax) forget(watched.keys().next().value!)
    const tell = (count: number) => {
      if (count > 0) write(level, fields, `${message} (repeated ${count} times)`)
    }
    watched.set(key, { count: 0, tell, timer: setTimeout(() => look(key), quiet).unref() })
  }

  const look = (key: string) => {
    const repeats = watched.get(key)!
    if (repeats.count === 0) return forget(key)
    repeats.tell(repeats.count)
    repeats.count = 0
    repeats.timer.refresh()
  }

  const forget = (key: string) => {
    const { count, tell, timer } = watched.get(key)!
    clearTimeout(timer)
    watched.delete(key)
    tell(count)
  }

  return (level, fields, message) => {
    const subject = subjectOf(fields)
    const key = `${level} ${message} ${JSON.stringify(subject)} ${nameOf(fields.error)}`
    const repeats = watched.get(key)
    if (repeats) return void repeats.count++
    write(level, fields, message)
    watch(key, level, subject, message)
  }
}

type Repeats = { count: number; tell: (count: number) => void; timer: NodeJS.Timeout }

/** What a line is about. Lines that differ in anything else, as in the request, are repeats of one another. */
const subjectOf = ({ sale_id, run_id, node_id, method, path, store, loop, epoch }: LogFields): LogFields => ({
  sale_id,
  run_id,
  node_id,
  method,
  path,
  store,
  loop,
  epoch,
})

const nameOf = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))

const watchedMax = 200
const causesMax = 5
