import { describe, expect, test } from "bun:test"
import { devAdminKey, type Environment, parseConfig, productionRefusals } from "./config.ts"
import { exitCodes, Refusal } from "./exit.ts"

const reasonsOf = (env: Environment, flags: Parameters<typeof parseConfig>[1] = {}): string[] => {
  try {
    parseConfig(env, flags)
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.reasons
    throw error
  }
}
const external = { REDIS_URL: "redis://queue:6379", DATABASE_URL: "postgres://app:a-long-secret@db/traffic" }
const seed = Buffer.alloc(32, 7).toString("base64url")
const good = {
  ...external,
  TRAFFIC_MODE: "production",
  TRAFFIC_ADMIN_KEY: "an-operator-key-of-24-chars",
  TRAFFIC_TRUSTED_PROXIES: "10.0.0.0/8",
  TRAFFIC_HOSTS: "tickets.example",
  TRAFFIC_JWT_KEYS: `a:${"x".repeat(32)},b:${"y".repeat(32)}`,
  TRAFFIC_TICKET_KEY: `1:${seed}`,
}

test("nothing set is a demo on this machine with embedded stores", () => {
  const config = parseConfig({})
  expect(config).toMatchObject({
    mode: "demo",
    host: "127.0.0.1",
    port: 8080,
    workers: 1,
    adminKey: devAdminKey,
    joinsPerAddressPerMin: 30,
    checkoutsPerAccountPerMin: 5,
    trustedProxies: [],
    trustedProxiesDeclared: false,
    hosts: [],
  })
  expect([config.external, config.demoKey, config.jwtKeys, config.ticketKey]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(config.dataDir).toEndWith("/data")
})

test("an empty value is as good as none", () => {
  const names = [
    "TRAFFIC_MODE",
    "HOST",
    "PORT",
    "TRAFFIC_DATA_DIR",
    "TRAFFIC_ADMIN_KEY",
    "TRAFFIC_DEMO_KEY",
    "TRAFFIC_JWT_KEYS",
    "TRAFFIC_TICKET_KEY",
    "TRAFFIC_HOSTS",
    "TRAFFIC_TRUSTED_PROXIES",
    "TRAFFIC_LOG",
    "REDIS_URL",
    "REDIS_CACHE_URL",
    "DATABASE_URL",
    "TRAFFIC_JOINS_PER_ADDRESS_PER_MIN",
  ]
  expect(parseConfig(Object.fromEntries(names.map((name) => [name, ""])))).toEqual(parseConfig({}))
  expect(parseConfig({ ...external, REDIS_CACHE_URL: "" }).external?.cacheUrl).toBe(external.REDIS_URL)
})

test("a flag goes before the environment", () => {
  const env = { PORT: "1", HOST: "::1", TRAFFIC_DATA_DIR: "/a" }
  expect(parseConfig(env)).toMatchObject({ port: 1, host: "::1", dataDir: "/a" })
  expect(parseConfig(env, { port: "2", host: "0.0.0.0", dataDir: "/b", workers: "3" })).toMatchObject({
    port: 2,
    host: "0.0.0.0",
    dataDir: "/b",
    workers: 3,
  })
})

describe("each value that cannot be used has its sentence", () => {
  const numbers = [
    "TRAFFIC_JOINS_PER_ADDRESS_PER_MIN",
    "TRAFFIC_SIGN_INS_PER_ADDRESS_PER_MIN",
    "TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN",
    "TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN",
    "TRAFFIC_JOURNAL_LAG_MAX",
    "TRAFFIC_FINISHED_SALE_HOURS",
    "PORT",
  ]
  for (const name of numbers)
    for (const value of ["banana", "-1", "1.5", "1e3", " 5", "999999999999"])
      test(`${name}=${value}`, () => {
        expect(reasonsOf({ [name]: value })).toEqual([
          expect.stringMatching(new RegExp(`^${name} is "${value}"; it takes a whole number from \\d+ to \\d+$`)),
        ])
      })
  test("--port and --workers name the flag", () => {
    expect(reasonsOf({ PORT: "80" }, { port: "banana" })).toEqual([
      '--port is "banana"; it takes a whole number from 0 to 65535',
    ])
    expect(reasonsOf({}, { workers: "0" })).toEqual(['--workers is "0"; it takes a whole number from 1 to 64'])
    expect(reasonsOf({ PORT: "65536" })).toHaveLength(1)
    expect(reasonsOf({ PORT: "65535" })).toEqual([])
  })
  for (const [env, sentence] of [
    [{ TRAFFIC_MODE: "prod" }, 'TRAFFIC_MODE is "prod"; it takes demo or production'],
    [{ TRAFFIC_LOG: "loud" }, 'TRAFFIC_LOG is "loud"; it takes debug, info, warn, error or silent'],
    [{ REDIS_URL: external.REDIS_URL }, "REDIS_URL and DATABASE_URL go together"],
    [{ DATABASE_URL: external.DATABASE_URL }, "REDIS_URL and DATABASE_URL go together"],
    [{ REDIS_CACHE_URL: external.REDIS_URL }, "REDIS_URL and DATABASE_URL go together"],
    [{ ...external, REDIS_URL: "http://queue" }, "REDIS_URL is not a URL of its store, such as redis://host:6379"],
    [
      { ...external, REDIS_URL: "redis://a:1,http://b:2", REDIS_CACHE_URL: "redis://c" },
      "REDIS_URL is not a URL of its store",
    ],
    [{ ...external, REDIS_CACHE_URL: "localhost:6379" }, "REDIS_CACHE_URL is not a URL of its store"],
    [
      { ...external, DATABASE_URL: "mysql://db" },
      "DATABASE_URL is not a URL of its store, such as postgres://user:secret@host/traffic",
    ],
    [{ ...external, DATABASE_URL: "postgres://" + "[" }, "DATABASE_URL is not a URL of its store"],
    [{ TRAFFIC_JWT_KEYS: "a:short" }, "TRAFFIC_JWT_KEYS takes kid:secret,kid:secret"],
    // Without a colon nearly all of the secret would be the key's public name.
    [{ TRAFFIC_JWT_KEYS: "x".repeat(33) }, "TRAFFIC_JWT_KEYS takes kid:secret,kid:secret"],
    [
      { TRAFFIC_JWT_KEYS: `a:${"x".repeat(32)},a:${"y".repeat(32)}` },
      "TRAFFIC_JWT_KEYS takes kid:secret,kid:secret with different kids",
    ],
    [{ TRAFFIC_JWT_KEYS: `../k:${"x".repeat(32)}` }, "TRAFFIC_JWT_KEYS takes kid:secret,kid:secret"],
    [{ TRAFFIC_TICKET_KEY: "1:abc" }, "TRAFFIC_TICKET_KEY takes number:seed"],
    [{ TRAFFIC_TICKET_KEY: `one:${seed}` }, "TRAFFIC_TICKET_KEY takes number:seed"],
  ] as const)
    test(`${Object.keys(env).at(-1)}: ${sentence}`, () => {
      expect(reasonsOf(env)).toEqual([expect.stringContaining(sentence)])
    })
})

test("all reasons come at once, and the command ends with 64", () => {
  expect(
    reasonsOf({ TRAFFIC_MODE: "x", PORT: "x", TRAFFIC_LOG: "x", TRAFFIC_TICKET_KEY: "x", REDIS_URL: "x" }),
  ).toHaveLength(5)
  expect(new Refusal("usage", ["a"]).exitCode).toBe(exitCodes.usage)
})

test("stores of one's own are taken in every form", () => {
  for (const url of [
    "redis://h:1",
    "rediss://u:p@h:1/2",
    "unix:/run/redis.sock",
    "redis://a:1,redis://b:2,redis://c:3",
  ])
    expect(parseConfig({ ...external, REDIS_URL: url }).external).toMatchObject({ redisUrl: url, cacheUrl: url })
  expect(parseConfig({ ...external, REDIS_CACHE_URL: "redis://cache" }).external?.cacheUrl).toBe("redis://cache")
})

test("trusted proxies and hosts are lists, and none is an answer", () => {
  expect(
    parseConfig({ TRAFFIC_TRUSTED_PROXIES: " 10.0.0.0/8 , ::1/128,", TRAFFIC_HOSTS: "a, Tickets.Example" }),
  ).toMatchObject({
    trustedProxies: ["10.0.0.0/8", "::1/128"],
    trustedProxiesDeclared: true,
    hosts: ["a", "tickets.example"],
  })
  expect(parseConfig({ TRAFFIC_TRUSTED_PROXIES: "none" })).toMatchObject({
    trustedProxies: [],
    trustedProxiesDeclared: true,
  })
})

describe("production", () => {
  test("starts with good settings", () => {
    expect(productionRefusals(parseConfig(good))).toEqual([])
  })
  test("names every reason at once", () => {
    const env = {
      ...external,
      DATABASE_URL: "postgres://app:postgres@db/traffic",
      TRAFFIC_MODE: "production",
      TRAFFIC_DEMO_KEY: "short",
    }
    const names = productionRefusals(parseConfig(env)).map((reason) => reason.split(" ")[0])
    expect(names.toSorted()).toEqual([
      "DATABASE_URL",
      "TRAFFIC_ADMIN_KEY",
      "TRAFFIC_DEMO_KEY",
      "TRAFFIC_HOSTS",
      "TRAFFIC_JWT_KEYS",
      "TRAFFIC_TICKET_KEY",
      "TRAFFIC_TRUSTED_PROXIES",
    ])
  })
  for (const [change, sentence] of [
    [{ TRAFFIC_ADMIN_KEY: "" }, "TRAFFIC_ADMIN_KEY is the development key"],
    [{ TRAFFIC_ADMIN_KEY: devAdminKey }, "TRAFFIC_ADMIN_KEY is the development key"],
    [{ TRAFFIC_ADMIN_KEY: "x".repeat(23) }, "TRAFFIC_ADMIN_KEY is shorter than 24 characters"],
    [{ TRAFFIC_DEMO_KEY: "x".repeat(23) }, "TRAFFIC_DEMO_KEY is shorter than 24 characters"],
    [{ TRAFFIC_TRUSTED_PROXIES: "" }, "TRAFFIC_TRUSTED_PROXIES is missing"],
    [{ TRAFFIC_HOSTS: "" }, "TRAFFIC_HOSTS is missing"],
    [{ TRAFFIC_JWT_KEYS: "" }, "TRAFFIC_JWT_KEYS is missing"],
    [{ TRAFFIC_TICKET_KEY: "" }, "TRAFFIC_TICKET_KEY is missing"],
    [{ DATABASE_URL: "postgres://app:password@db/traffic" }, "DATABASE_URL has a password that everybody knows"],
  ] as const)
    test(`is refused alone by ${Object.keys(change)}: ${sentence}`, () => {
      expect(productionRefusals(parseConfig({ ...good, ...change }))).toEqual([expect.stringContaining(sentence)])
    })
  test("on embedded stores keeps its own keys", () => {
    const embedded = { ...good, REDIS_URL: "", DATABASE_URL: "", TRAFFIC_JWT_KEYS: "", TRAFFIC_TICKET_KEY: "" }
    expect(productionRefusals(parseConfig(embedded))).toEqual([])
  })
})
