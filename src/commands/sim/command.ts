import { withJson, type Declare } from "../declare.ts"
import { withReports, withSettings, withTarget, type SimOptions } from "./options.ts"
import type { MergeOptions } from "./segments/merge.ts"
import type { PrepareOptions } from "./segments/prepare.ts"
import type { SegmentOptions } from "./segments/segment.ts"

export const simCommand: Declare = (program, action) => {
  const command = withTarget(withSettings(program.command("sim [scenario]")))
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
  withJson(withReports(command, "; {n} or {scenario} in its name where there are several")).action(action(runOrPlay))

  withJson(withTarget(command.command("compare <a> <b>")))
    .description(
      "hold the runs B against the runs A: files of --report-json, separated by commas or as 'new-*.json', or with --target ids; exits 1 when B is worse, 2 when that cannot be told",
    )
    .action(action(compare))

  withTarget(withSettings(command.command("prepare <scenario>")))
    .description("make the sale and the people of a test that several machines play, and print the plan")
    .option("--start-in <time>", "when everybody starts, so that all machines are ready (60s)")
    .action(action(prepare))

  withJson(withReports(withTarget(command.command("merge <plan> <parts...>"))))
    .description("one verdict from the parts that the segments of a plan wrote")
    .action(action(merge))
}

const runOrPlay = async (scenario: string | undefined, options: SegmentOptions) => {
  const parts = await partsHere(options)
  return (options.segment ?? options.plan ?? options.out) === undefined
    ? (await import("./sim.ts")).sim(scenario, options, parts)
    : (await import("./segments/segment.ts")).playSegment(scenario, options, parts)
}

const compare = async (a: string, b: string, options: SimOptions) =>
  (await import("./compare.ts")).simCompare([a, b], options, await partsHere(options))

const prepare = async (scenario: string, options: PrepareOptions) =>
  (await import("./segments/prepare.ts")).prepare(scenario, options, await partsHere(options))

const merge = async (plan: string, partFiles: string[], options: MergeOptions) =>
  (await import("./segments/merge.ts")).merge(plan, partFiles, options, await partsHere(options))

const partsHere = async (options: SimOptions) => (await import("./parts.ts")).partsHere(options)
