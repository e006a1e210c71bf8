import type { Command } from "commander"
import type { ExitCode } from "../exit.ts"

/** Declares a command and its flags. Its work is imported when it runs, so that a short command starts fast. */
export type Declare = (program: Command, action: Action) => void

export type Action = <T extends unknown[]>(work: (...args: T) => Promise<ExitCode>) => (...args: T) => Promise<void>

export const withJson = (command: Command) => command.option("--json", "print one JSON object")

export const withDataDir = (command: Command) =>
  command.option("--data-dir <folder>", "of the embedded stores (TRAFFIC_DATA_DIR, ./data)")
