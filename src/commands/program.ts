import { Command, CommanderError } from "commander"
import { exitCodes, Refusal, type ExitCode } from "../exit.ts"
import { version } from "../version.ts"
import { assertQueueCommand } from "./assert-queue/command.ts"
import { benchCommand, benchPeerCommand } from "./bench/command.ts"
import type { Declare } from "./declare.ts"
import { doctorCommand } from "./doctor.ts"
import { healthCommand } from "./health.ts"
import { migrateCommand } from "./migrate.ts"
import { seedCommand } from "./seed.ts"
import { serveCommand, serveWorkerCommand } from "./serve/command.ts"
import { setClockCommand } from "./set-clock/command.ts"
import { simCommand } from "./sim/command.ts"

const commands: Declare[] = [
  serveCommand,
  simCommand,
  assertQueueCommand,
  seedCommand,
  migrateCommand,
  setClockCommand,
  doctorCommand,
  benchCommand,
  healthCommand,
  serveWorkerCommand,
  benchPeerCommand,
]

export const runCommand = async (argv: string[]): Promise<ExitCode> => {
  let exitCode: ExitCode = exitCodes.pass
  const program = new Command("traffic")
    .description("Sells seats for concerts that far more people want than can have, and proves that it does so fairly.")
    .version(version)
    .exitOverride()
    // Options after `sim merge` are merge's, though sim has some of that name.
    .enablePositionalOptions()
    .showHelpAfterError("(traffic --help lists every command)")
  for (const declare of commands)
    declare(
      program,
      (work) =>
        async (...args) =>
          void (exitCode = await work(...args)),
    )
  return answer(async () => {
    await program.parseAsync(argv, { from: "user" })
    return exitCode
  })
}

/** Runs a command; prints why it failed, for all commands alike, and returns the exit code. */
export const answer = async (
  command: () => Promise<ExitCode>,
  tell: (line: string) => unknown = console.error,
): Promise<ExitCode> => {
  try {
    return await command()
  } catch (error) {
    // Commander has printed its own sentence; asking for help or the version is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage
    if (!(error instanceof Refusal)) {
      console.error("traffic: something broke:", error)
      return exitCodes.fail
    }
    for (const reason of error.reasons) tell(`traffic: ${reason}`)
    return error.exitCode
  }
}
