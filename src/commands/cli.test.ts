import { expect, test } from "bun:test"
import { runTraffic } from "../testing/command.ts"

for (const [line, says] of [
  ["serve --port banana", '--port is "banana"; it takes a whole number from 0 to 65535'],
  ["serve --port 65536", '--port is "65536"; it takes a whole number from 0 to 65535'],
  ["serve --port", "option '--port <n>' argument missing"],
  ["serve --workers 0", '--workers is "0"; it takes a whole number from 1 to 64'],
  ["serve --prot 80", "unknown option '--prot'"],
  ["serve now", "too many arguments for 'serve'"],
  ["banana", "unknown command 'banana'"],
  ["", "Usage: traffic"],
  ["assert-queue", "required option '--sale <id>' not specified"],
  ["sim nope", "there is no scenario nope: choose one of launch_spike, refresh_storm, queue_fairness"],
  ["sim launch_spike --vus 0", "--vus 0: write a whole number from 1 to"],
  ["sim launch_spike --vus 1.5", "--vus 1.5: write a whole number from 1 to"],
  ["sim launch_spike --steady banana", "--steady banana: write a length of time such as 10s, 1m30s or 500ms"],
  ["sim launch_spike --seats -1", "--seats"],
  ["seed --seats banana", '--seats is "banana"; it takes a whole number from 1 to 200000'],
  ["bench --rounds 0", '--rounds is "0"; it takes a whole number from 1 to'],
  ["set-clock", "set-clock takes the id of a sale, or --all for every waiting room"],
  ["set-clock 01ARZ3NDEKTSV4RRFFQ69G5FAV --all", "set-clock takes the id of a sale, or --all for every waiting room"],
  ["set-clock banana", 'set-clock got "banana"; write the id of a sale, a ULID of 26 characters, or --all'],
  ["set-clock --all", "--data-dir: there are no stores in"],
  ["migrate now", "too many arguments for 'migrate'"],
] as const)
  test(`traffic ${line}: 64, names what is wrong, and touches nothing`, async () => {
    const { code, out, err, left } = await runTraffic(line.split(" ").filter((each) => each !== ""))
    expect([code, out, left]).toEqual([64, "", []])
    expect(err).toContain(says)
    expect(err).not.toMatch(/something broke|\bat \S+ \(/)
  })

for (const [name, value, says] of [
  ["PORT", "http", 'PORT is "http"; it takes a whole number'],
  ["TRAFFIC_MODE", "live", 'TRAFFIC_MODE is "live"; it takes demo or production'],
  ["TRAFFIC_TRUSTED_PROXIES", "10.0.0.0/99", "TRAFFIC_TRUSTED_PROXIES"],
  ["TRAFFIC_HOSTS", "http://tickets.example", "TRAFFIC_HOSTS"],
  ["REDIS_URL", "redis://h", "REDIS_URL and DATABASE_URL go together"],
] as const)
  test(`serve with ${name}=${value}: 64 and a sentence`, async () => {
    const { code, err, left } = await runTraffic(["serve"], { [name]: value })
    expect([code, left]).toEqual([64, []])
    expect(err).toContain(says)
  })

test("asking for help, the version or the scenarios is no error", async () => {
  for (const [line, says] of [
    ["--help", "serve"],
    ["--version", /^\d+\.\d+\.\d+\n$/],
    ["sim --help", "--steady"],
    ["sim list", "queue_fairness"],
  ] as const) {
    const { code, out, left } = await runTraffic(line.split(" "))
    expect([line, code, left]).toEqual([line, 0, []])
    if (typeof says === "string") expect(out).toContain(says)
    else expect(out).toMatch(says)
  }
})

test("health says 1 when nothing answers", async () => {
  expect((await runTraffic(["health", "--url", "http://127.0.0.1:1"])).code).toBe(1)
})
