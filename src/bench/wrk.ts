export type Load = { url: string; seconds: number; connections: number; script?: string }
export type LoadReport = { requests: number; perSecond: number; p99Ms: number; refused: number; broken: number }

/** Drives `url` with wrk from one thread. @throws Error when wrk fails */
export const drive = async (wrk: string, { url, seconds, connections, script }: Load): Promise<LoadReport> => {
  const command = [wrk, "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout", "10s", ...(script ? ["-s", script] : []), url]
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" })
  const [text, complaint, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
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
 * A wrk script that sends each line of `file` once as the bearer token, then starts over.
 * `skip` leaves out the tokens that earlier rounds used.
 */
export const tokenScript = ({ file, skip, method }: { file: string; skip: number; method: "GET" | "POST" }) => `
local tokens, n = {}, 0
for line in io.lines("${file}") do
  n = n + 1
  if n > ${skip} then tokens[#tokens + 1] = line end
end
local i = 0
request = function()
  i = i % #tokens + 1
  return wrk.format("${method}", nil, { Authorization = "Bearer " .. tokens[i] })
end
`
