import { expect, test } from "bun:test"
import { isFault } from "../fault.ts"
import { demoHosts, isAllowedHost, openHosts, parseHosts } from "./hosts.ts"

const refusal = (check: () => void) => {
  try {
    check()
  } catch (error) {
    return isFault(error, "misdirected") ? error.status : error
  }
}

const local = demoHosts("127.0.0.1")

test.each([
  "localhost",
  "LOCALHOST:8080",
  "127.0.0.1:8080",
  "127.8.9.10",
  "[::1]",
  "[::1]:8080",
  "[0:0:0:0:0:0:0:1]:80",
  "localhost:1",
  "localhost:65535",
])("a demo on loopback answers for %p", (host) => {
  expect(isAllowedHost(host, local)).toBe(true)
})

test.each([
  "",
  " ",
  "x",
  "evil.example",
  "localhost.evil.example",
  "evil-localhost",
  "localhost.",
  ".localhost",
  "localhost, evil.example",
  "localhost,localhost",
  "localhost:0",
  "localhost:65536",
  "localhost:",
  "localhost:80:80",
  "localhost:eight",
  "localhost/x",
  "user@localhost",
  "localhost?x",
  "localhost#x",
  " localhost",
  "localhost ",
  "local\thost",
  "localhost\0",
  "127.1",
  "2130706433",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "128.0.0.1",
  "[::2]",
  "::1",
  "[::1",
  "::1]",
  "[127.0.0.1]",
  "[::ffff:127.0.0.1]",
  "[banana]",
  "ｌocalhost",
  "__proto__",
  "a".repeat(300),
  `${"localhost.".repeat(30)}`,
])("a demo on loopback does not answer for %p", (host) => {
  expect(isAllowedHost(host, local)).toBe(false)
})

test("listening on every address means any address, but no other name", () => {
  const everywhere = demoHosts("0.0.0.0")
  expect(
    ["203.0.113.7:8080", "[2001:db8::1]:8080", "localhost"].map((host) => isAllowedHost(host, everywhere)),
  ).toEqual([true, true, true])
  expect(["evil.example", "203.0.113.7.example"].map((host) => isAllowedHost(host, everywhere))).toEqual([false, false])
})

test("listed names and ranges are answered for, and nothing else", () => {
  const hosts = parseHosts(" Tickets.Example.com , 192.0.2.0/24,[2001:db8::5], 10.1.1.1")
  expect(hosts).toEqual(["tickets.example.com", "192.0.2.0/24", "[2001:db8::5]", "10.1.1.1"])
  for (const host of ["TICKETS.example.com", "tickets.example.com:443", "192.0.2.99", "[2001:db8::5]:80", "10.1.1.1"])
    expect([host, isAllowedHost(host, hosts)]).toEqual([host, true])
  for (const host of ["example.com", "a.tickets.example.com", "192.0.3.1", "[2001:db8::6]", "10.1.1.2", "localhost"])
    expect([host, isAllowedHost(host, hosts)]).toEqual([host, false])
})

test.each([
  "tickets.example.com:443",
  "https://tickets.example.com",
  "*.example.com",
  "*",
  "1.2.3",
  "10.0.0.0/33",
  "-a",
  "a b",
  "::1/200",
])("%p is refused by name", (host) => {
  expect(() => parseHosts(`localhost, ${host}`)).toThrow(`${JSON.stringify(host)} is no host`)
})

test("a missing, foreign or doubled Host is a fault, the first time and the next", () => {
  const { check } = openHosts(local)
  for (let round = 0; round < 2; round++) {
    expect(refusal(() => check("localhost:8080"))).toBeUndefined()
    for (const host of [null, "", "evil.example", "localhost, evil.example"])
      expect([host, refusal(() => check(host))]).toEqual([host, 421])
  }
})

test("a request's whole address is judged by its host", () => {
  const { checkAddress } = openHosts(local)
  for (const address of [
    "http://localhost/x",
    "https://127.0.0.1:8443/v1/sales?q=/",
    "http://[::1]:8080/",
    "http://localhost",
  ])
    expect([address, refusal(() => checkAddress(address))]).toEqual([address, undefined])
  for (const address of [
    "/p",
    "",
    "http://",
    "http:///p",
    "http://evil.example/localhost",
    "http://x/aa/control",
    "ftp://localhost/",
    "//localhost/p",
    "http://localhost@evil.example/",
  ])
    expect([address, refusal(() => checkAddress(address))]).toEqual([address, 421])
})

test("strangers' hosts fill no memory and cost nobody an answer", () => {
  const { check } = openHosts(local)
  for (let n = 0; n < 5000; n++) expect(refusal(() => check(`host-${n}.example`))).toBe(421)
  expect(refusal(() => check("localhost"))).toBeUndefined()
})

test("the server's own address of a request says what checkAddress relies on", async () => {
  const { check, checkAddress } = openHosts(local)
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      Response.json([refusal(() => check(request.headers.get("host"))), refusal(() => checkAddress(request.url))]),
  })
  const ask = async (...lines: string[]) => {
    const { promise, resolve } = Promise.withResolvers<string>()
    let answer = ""
    await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port!,
      socket: {
        open: (socket) => void socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`),
        data: (_, bytes) => void (answer += bytes.toString()),
        close: () => resolve(answer),
      },
    })
    return (await promise).split("\r\n\r\n")[1]
  }
  expect(await ask("GET /p HTTP/1.1", "Host: localhost")).toBe("[null,null]")
  expect(await ask("GET /p HTTP/1.1", "Host: evil.example")).toBe("[421,421]")
  expect(await ask("GET http://evil.example/p HTTP/1.1", "Host: evil.example")).toBe("[421,421]")
  expect(await ask("GET /p HTTP/1.0")).toBe("[421,421]")
  expect(await ask("GET /p HTTP/1.1", "Host: a b")).toBe("[421,421]")
  expect(await ask("GET /p HTTP/1.1", "Host: localhost", "Host: evil.example")).toBe("[421,null]")
  expect(await ask("GET /p HTTP/1.1", "Host: evil.example", "Host: localhost")).toBe("[421,421]")
  await server.stop(true)
})
