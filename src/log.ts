import pino from "pino"

export type Log = Pick<pino.Logger, "debug" | "info" | "warn" | "error">

/** JSON lines on standard error, so that standard output stays the command's own. */
export const openLog = (level: string): Log =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
