import { exitCodeOf, exitCodes, graver, verdictOf, type ExitCode } from "../../exit.ts"
import { runTable } from "../../lab/report/text.ts"
import { compareWithBaseline, readBaseline, refuseUnlike } from "./baseline.ts"
import type { Compared } from "./compare.ts"
import type { SimOptions } from "./options.ts"
import { showerOf } from "./output.ts"
import type { SimParts } from "./parts.ts"
import { checkReports, reportsOf, writeReports } from "./reports.ts"
import { parseRequest, type RunRequest } from "./request.ts"
import { resultBody, type Result } from "./result.ts"
import { openRunner } from "./runner.ts"

/** `traffic sim SCENARIO`: one run, or with --repeat some. @throws Refusal before anything starts */
export const simOne = async (scenario: string, options: SimOptions, parts: SimParts): Promise<ExitCode> => {
  const repeat = Number(options.repeat ?? 1)
  const baseline = await readBaseline(scenario, options, parts)
  const request = parseRequest(scenario, options, parts.environment, { seed: baseline?.seed })
  if (baseline !== undefined) refuseUnlike(baseline, request, options.baseline!)
  for (let n = 1; n <= repeat; n++) await checkReports(reportsOf(options, scenario, n))
  const results = await runRepeatedly(repeat, request, options, parts)
  const compared = baseline && compareWithBaseline(baseline, results)
  const worst = results.map(({ body }) => exitCodeOf(body)).reduce(graver, exitCodes.pass)
  if (options.json) parts.out(JSON.stringify(answerOf(results, repeat, worst, compared)))
  else if (compared !== undefined) parts.out(compared.text)
  return compared === undefined ? worst : graver(worst, compared.code)
}

/** Until Ctrl-C. Runs on one server would share what it has grown to; each gets a fresh one. */
const runRepeatedly = async (repeat: number, request: RunRequest, options: SimOptions, parts: SimParts) => {
  const results: Result[] = []
  const runner = openRunner(options, parts)
  try {
    for (let n = 1; n <= repeat && !runner.isStopped(); n++) {
      await runner.renew()
      const result = await runner.run(request, showerOf(parts, repeat === 1 ? "" : `${n}/${repeat} `))
      results.push(result)
      if (!options.json) parts.out(runTable(result.body))
      for (const path of await writeReports(result, reportsOf(options, request.settings.scenario, n)))
        parts.progress.write(`wrote ${path}\n`)
    }
  } finally {
    await runner.close()
  }
  return results
}

const answerOf = (results: Result[], repeat: number, worst: ExitCode, compared: Compared | undefined) => {
  const bodies = results.map(resultBody)
  const answer = repeat === 1 ? bodies[0]! : { verdict: verdictOf(worst), runs: bodies }
  return { ...answer, comparison: compared?.body }
}
