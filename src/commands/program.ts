import { Command, CommanderError } from "commander"
import { exitCodes, Refusal, type ExitCode } from "../exit.ts"
import { version } from "../version.ts"

export const runCommand = async (argv: string[]): Promise<ExitCode> => {
  let exitCode: ExitCode = exitCodes.pass
  // Each command loads its own part of the program, so that a short one starts fast.
  const action =
    <T extends unknown[]>(run: (...args: T) => Promise<ExitCode>) =>
    async (...args: T) =>
      void (exitCode = await run(...args))
  const program = new Command("traffic")
    .description("Sells seats for concerts that far more people want than can have, and proves that it does so fairly.")
    .version(version)
    .exitOverride()
    // Options after `sim merge` are merge's, though sim has some of that name.
    .enablePositionalOptions()
    .showHelpAfterError("(traffic --help lists every command)")

  program
    .command("serve")
    .description(
      "serve the API, the waiting room and the load lab, on embedded stores unless REDIS_URL and DATABASE_URL are set",
    )
    .option("--port <n>", "where to listen; 0 picks a free port (PORT, 8080)")
    .option("--host <address>", "the address to listen on (HOST, 127.0.0.1)")
    .option("--data-dir <folder>", "embedded stores, keys and run records (TRAFFIC_DATA_DIR, ./data)")
    .option("--workers <n>", "processes that share the port (1)")
    .action(action(async (flags) => (await import("./serve.ts")).serve(flags)))

  const simulate = forTarget(withSettings(program.command("sim [scenario]")))
    .description("run a load scenario against a private server and judge it; `list` names them")
    .option("--segment <k/n>", "play one share of a plan from this machine, such as 2/3")
    .option("--plan <file>", "of --segment: what `sim prepare` wrote")
    .option("--out <file>", "of --segment: where the part for `sim merge` goes (part-K.ndjson)")
    .option("--scenarios <names>", "of `all`: only these, separated by commas")
    .option("--junit <file>", "of `all`: JUnit XML for a CI server")
    .option("--repeat <n>", "so many runs, each on a fresh server, for `sim compare`")
    .option(
      "--baseline <runs>",
      "hold the run against these: files of --report-json, or with --target an id or `starred`",
    )
    .option("--html <file>", "a report that opens in a browser; {n} or {scenario} in its name where there are several")
    .option("--csv <file>", "every second of the run, a row each")
    .option("--report-json <file>", "the whole run, which `sim compare` and --baseline read")
    .option("--json", "print one JSON object")
    .action(
      action(async (scenario, flags) =>
        (flags.segment ?? flags.plan ?? flags.out) === undefined
          ? (await import("./sim/command.ts")).simCommand(scenario, flags)
          : (await import("./sim/segments.ts")).segmentCommand(scenario, flags),
      ),
    )

  forTarget(simulate.command("compare <a> <b>"))
    .description(
      "hold the runs B against the runs A: files of --report-json, separated by commas or as 'new-*.json', or with --target ids; exits 1 when B is worse, 2 when that cannot be told",
    )
    .option("--json", "print one JSON object")
    .action(action(async (a, b, flags) => (await import("./sim/command.ts")).compareCommand(a, b, flags)))

  forTarget(withSettings(simulate.command("prepare <scenario>")))
    .description("make the sale and the people of a test that several machines play, and print the plan")
    .option("--start-in <time>", "when everybody starts, so that all machines are ready (60s)")
    .action(action(async (scenario, flags) => (await import("./sim/segments.ts")).prepareCommand(scenario, flags)))

  forTarget(simulate.command("merge <plan> <parts...>"))
    .description("one verdict from the parts that the segments of a plan wrote")
    .option("--html <file>", "a report that opens in a browser")
    .option("--csv <file>", "every second of the run, a row each")
    .option("--report-json <file>", "the whole run, which `sim compare` and --baseline read")
    .option("--json", "print one JSON object")
    .action(action(async (plan, parts, flags) => (await import("./sim/segments.ts")).mergeCommand(plan, parts, flags)))

  program
    .command("assert-queue")
    .description("audit the queue and the box office of one sale in the configured stores")
    .requiredOption("--sale <id>", "the sale")
    .option("--data-dir <folder>", "of the embedded stores (TRAFFIC_DATA_DIR, ./data)")
    .option("--json", "print one JSON object")
    .action(action(async (flags) => (await import("./assert-queue-command.ts")).assertQueueCommand(flags)))

  program
    .command("seed")
    .description("make an event with an open sale in the configured stores")
    .option("--seats <n>", "seats to sell", "500")
    .option("--admit-rate <n>", "admissions a minute", "600")
    .option("--cap <n>", "people who may wait", "100000")
    .option("--data-dir <folder>", "of the embedded stores (TRAFFIC_DATA_DIR, ./data)")
    .option("--json", "print one JSON object")
    .action(action(async (flags) => (await import("./seed.ts")).seed(flags)))

  program
    .command("migrate")
    .description("bring the database to this build")
    .option("--data-dir <folder>", "of the embedded stores (TRAFFIC_DATA_DIR, ./data)")
    .option("--json", "print one JSON object")
    .action(action(async (flags) => (await import("./migrate.ts")).migrateCommand(flags)))

  program
    .command("doctor")
    .description("what is installed, what is missing, how to get it")
    .option("--json", "print one JSON object")
    .action(action(async (flags) => (await import("./doctor.ts")).doctor({ json: flags.json === true })))

  program
    .command("bench")
    .description("measure the hot paths as ratios of a bare server, side by side")
    .option("--rounds <n>", "rounds of each side", "9")
    .option("--seconds <n>", "seconds of a round", "2")
    .option("--json", "print one JSON object")
    .action(action(async (flags) => (await import("./bench/command.ts")).bench(flags)))

  program
    .command("health")
    .description("exit 0 when the server at --url is ready, 1 when not")
    .option("--url <url>", "its address (http://127.0.0.1:PORT)")
    .action(action(async (flags) => (await import("./health.ts")).health(flags)))

  program
    .command("serve-worker", { hidden: true })
    .description("one of the processes that serve --workers starts")
    .action(action(async () => (await import("./serve.ts")).serveWorker()))

  program
    .command("bench-peer", { hidden: true })
    .description("the bare server of the bench: answers what it reads on standard input")
    .action(action(async () => (await import("./bench/peer-command.ts")).benchPeer()))

  return answer(async () => {
    await program.parseAsync(argv, { from: "user" })
    return exitCode
  })
}

const withSettings = (command: Command) =>
  command
    .option("--vus <n>", "people at the peak (K6_VUS_MAX, 500)")
    .option("--ramp <time>", "over which they arrive, such as 10s (K6_RAMP_UP)")
    .option("--steady <time>", "how long they stay (K6_STEADY, 30s)")
    .option("--down <time>", "how long they take to leave (K6_RAMP_DOWN, 10s)")
    .option("--admit-rate <n>", "admissions a minute (K6_ADMIT_PER_MIN, 6000)")
    .option("--cap <n>", "people who may wait (K6_WAITING_ROOM_CAP, 100000)")
    .option("--seats <n>", "seats to sell (K6_TOTAL_SEATS, 500)")
    .option("--seed <n>", "the same seed gives the same arrivals")
    .option("--preset <name>", "a size of run by its name; `list` tells them")
    .option("--quick", "the short settings of the scenario")

const forTarget = (command: Command) =>
  command
    .option("--target <url>", "a running server on this machine instead of a private one")
    .option("--i-own-this-target", "the target is another machine, and it is yours")
    .option("--admin-key <key>", "of the target, where it is another machine (TRAFFIC_ADMIN_KEY)")

/** Does what a command does. Why it could not be done is told here, for all commands, and answered as an exit code. */
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
