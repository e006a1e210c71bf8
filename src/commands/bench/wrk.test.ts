import { expect, test } from "bun:test"
import { parseReport } from "./wrk.ts"

test("a report of wrk is read with its refusals and broken connections", () => {
  const text = `Running 3s test @ http://127.0.0.1:1/
  1 threads and 256 connections
  Latency Distribution
     99%   14.20ms
  48281 requests in 6.02s, 17.71MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 7
Requests/sec:   8018.69`
  expect(parseReport(text)).toEqual({ requests: 48281, perSecond: 8018.69, p99Ms: 14.2, refused: 7, broken: 10 })
  expect(parseReport("  99%  850.00us\n  1 requests in 1s\nRequests/sec: 1.00")).toEqual({
    requests: 1,
    perSecond: 1,
    p99Ms: 0.85,
    refused: 0,
    broken: 0,
  })
})
