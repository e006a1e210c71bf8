export type Load = { url: string; seconds: number; connections: number; script?: string }
/** `refused` are answers other than 2xx and 3xx, `broken` connections that failed. */
export type LoadReport = { requests: number; perSecond: number; p99Ms: number; refused: number; broken: number }

/** Drives `url` with wrk from one thread. @throws Error when wrk fails */
export const drive = async (wrk: string, { url, seconds, connections, script }: Load): Promise<LoadReport> => {
  const command = [
    wrk,
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    "--timeout",
    "10s",
    ...(script ? ["-s", script] : []),
    url,
  ]
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" })
  const [text, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`wrk ended with ${code}: ${complaint || text}`)
  return parseReport(text)
}

export const parseReport = (text: string): LoadReport => {
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0)
  const [, tail = "0", unit = "ms"] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? []
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)
  return {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p99Ms: Number(tail) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"],
    refused: number(/Non-2xx or 3xx responses: (\d+)/),
    broken: (sockets ?? []).slice(1).reduce((sum, each) => sum + Number(each), 0),
  }
}

/**
 * A wrk script that sends each line of `file` as the bearer token, one after the other, then starts over. Requests are put together
 * from three texts, so that the driver takes little of the machine that it measures.
 */
export const tokenScript = ({ file, method }: { file: string; method: "GET" | "POST" }) => `
local tokens, head, tail, i = {}, "", "", 0
for line in io.lines("${file}") do tokens[#tokens + 1] = line end
init = function()
  local text = wrk.format("${method}", nil, { Authorization = "Bearer @" })
  local at = string.find(text, "@", 1, true)
  head, tail = string.sub(text, 1, at - 1), string.sub(text, at + 1)
end
request = function()
  i = i % #tokens + 1
  return head .. tokens[i] .. tail
end
`
