import { ConfigError, environment, parseConfig } from "../config.ts"

/** For a container's health check: 0 when /health/ready says so within 3 s. */
export const health = async (flags: { url?: string }): Promise<number> => {
  if (flags.url !== undefined && !/^https?:/.test(URL.parse(flags.url)?.protocol ?? ""))
    throw new ConfigError([`--url is "${flags.url}"; write it as http://127.0.0.1:8080`])
  const url = flags.url ?? `http://127.0.0.1:${parseConfig(environment()).port}`
  try {
    const answer = await fetch(new URL("/health/ready", url), {
      signal: AbortSignal.timeout(3000),
      headers: { host: "localhost" },
    })
    if (!answer.ok) console.error(`traffic: ${url} is not ready: ${await answer.text()}`)
    return answer.ok ? 0 : 1
  } catch (error) {
    console.error(`traffic: ${url} does not answer: ${error instanceof Error ? error.message : error}`)
    return 1
  }
}
