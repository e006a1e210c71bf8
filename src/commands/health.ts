import { environment, parseConfig } from "../config.ts"
import { exitCodes, Refusal, type ExitCode } from "../exit.ts"
import type { Declare } from "./declare.ts"

export const healthCommand: Declare = (program, action) => {
  program
    .command("health")
    .description("exit 0 when the server at --url is ready, 1 when not")
    .option("--url <url>", "its address (http://127.0.0.1:PORT)")
    .action(action(health))
}

/** For a container's health check: pass when /health/ready says so within 3 s. */
const health = async (flags: { url?: string }): Promise<ExitCode> => {
  if (flags.url !== undefined && !/^https?:/.test(URL.parse(flags.url)?.protocol ?? ""))
    throw new Refusal("usage", `--url is "${flags.url}"; write it as http://127.0.0.1:8080`)
  const url = flags.url ?? `http://127.0.0.1:${parseConfig(environment()).port}`
  const answer = await ask(url)
  if (!answer.ok) throw new Refusal("fail", `${url} is not ready: ${await answer.text()}`)
  return exitCodes.pass
}

const ask = (url: string) =>
  fetch(new URL("/health/ready", url), {
    signal: AbortSignal.timeout(3000),
    headers: { host: "localhost" },
  }).catch((error: unknown) => {
    throw new Refusal("fail", `${url} does not answer: ${error instanceof Error ? error.message : error}`)
  })
