import { expect, test } from "bun:test"
import fc from "fast-check"
import { openAddresses, parseTrustedProxies } from "./address.ts"

const behindProxies = openAddresses(["10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1"])

test("without trusted proxies the peer counts, whatever the header says", () => {
  const addresses = openAddresses([])
  expect(addresses.of("203.0.113.7", null)).toBe("203.0.113.7")
  expect(addresses.of("203.0.113.7", "198.51.100.1")).toBe("203.0.113.7")
})

test("a thousand claims of an untrusted peer are one subject", () => {
  const subjects = Array.from({ length: 1000 }, (_, n) =>
    behindProxies.of("203.0.113.7", `198.51.${n % 256}.${n >> 8}`),
  )
  expect(new Set(subjects)).toEqual(new Set(["203.0.113.7"]))
})

test.each([
  ["198.51.100.1", "198.51.100.1"],
  ["198.51.100.1, 10.1.1.1", "198.51.100.1"],
  ["6.6.6.6, 198.51.100.1, 10.1.1.1,10.2.2.2", "198.51.100.1"],
  ["6.6.6.6, 2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["198.51.100.1, 2001:db8:ffff::5", "198.51.100.1"],
  [" 198.51.100.1 ", "198.51.100.1"],
  ["198.51.100.1:443", "198.51.100.1"],
  ["[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"],
  ["[2001:db8:1:2::9]", "2001:db8:1:2::/64"],
  ["::ffff:198.51.100.1", "198.51.100.1"],
  ["::ffff:c633:6401", "198.51.100.1"],
  ["fe80::1%eth0", "fe80::/64"],
  ["6.6.6.6, unknown, 10.1.1.1", "10.1.1.1"],
  ["6.6.6.6,, 10.1.1.1", "10.1.1.1"],
  ["6.6.6.6, 2130706433", "10.0.0.1"],
  ["6.6.6.6, 127.1", "10.0.0.1"],
  ["6.6.6.6, 0177.0.0.1", "10.0.0.1"],
  ["6.6.6.6, 1.2.3.999", "10.0.0.1"],
  ["6.6.6.6, <script>", "10.0.0.1"],
  ["", "10.0.0.1"],
  [",,,", "10.0.0.1"],
  ["10.9.9.9, 10.8.8.8", "10.9.9.9"],
])("a trusted peer that says %p stands for %p", (forwardedFor, subject) => {
  expect(behindProxies.of("10.0.0.1", forwardedFor)).toBe(subject)
})

test("a thousand addresses of one /64 are one subject, and its neighbour is another", () => {
  const addresses = openAddresses([])
  const subjects = Array.from({ length: 1000 }, (_, n) => addresses.of(`2001:db8:0:1::${n.toString(16)}`, null))
  expect(new Set(subjects)).toEqual(new Set(["2001:db8:0:1::/64"]))
  expect(addresses.of("2001:db8:0:2::1", null)).toBe("2001:db8:0:2::/64")
})

test("an IPv4 peer of a listener on both families is an IPv4 peer, trusted or not", () => {
  expect(behindProxies.of("::ffff:203.0.113.7", "6.6.6.6")).toBe("203.0.113.7")
  expect(behindProxies.of("::ffff:10.0.0.1", "198.51.100.1")).toBe("198.51.100.1")
})

test("peers without an address are one subject, and their header is not believed", () => {
  expect(behindProxies.of(undefined, "198.51.100.1")).toBe("no-address")
  expect(behindProxies.of("somewhere", "198.51.100.1")).toBe("no-address")
})

test("of a long header only the right end is read", () => {
  const long = `6.6.6.6,${" ".repeat(100_000)}198.51.100.1`
  expect(behindProxies.of("10.0.0.1", long)).toBe("198.51.100.1")
  expect(behindProxies.of("10.0.0.1", `6.6.6.6${", 10.1.1.1".repeat(10_000)}`)).toBe("10.1.1.1")
})

test("more claims than are remembered still get their answers", () => {
  for (let n = 0; n < 45_000; n++) {
    const client = `198.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
    if (behindProxies.of("10.0.0.1", client) !== client) throw new Error(client)
  }
})

test("whatever a stranger writes to the left, the proxy's own entry decides", () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }),
      fc.ipV4().filter((each) => !/^(10|127)\./.test(each)),
      (stranger, client) => {
        expect(behindProxies.of("10.0.0.1", `${stranger}, ${client}, 10.3.3.3`)).toBe(client)
      },
    ),
  )
})

test("any peer and header give a subject that is an address, a /64, or none", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()),
      fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constant(null)),
      (peer, forwardedFor) => {
        expect(behindProxies.of(peer, forwardedFor)).toMatch(/^(?:no-address|\d+\.\d+\.\d+\.\d+|[0-9a-f:]+\/64)$/)
      },
    ),
  )
})

test("trusted proxies are a list of ranges or addresses", () => {
  expect(parseTrustedProxies("")).toEqual([])
  expect(parseTrustedProxies(" 10.0.0.0/8 ,127.0.0.1, 2001:db8::/32,::1")).toEqual([
    "10.0.0.0/8",
    "127.0.0.1",
    "2001:db8::/32",
    "::1",
  ])
  expect(openAddresses(["::ffff:10.0.0.0/104"]).of("10.4.4.4", "198.51.100.1")).toBe("198.51.100.1")
})

test.each([
  "10.0.0.0/33",
  "10.0.0/8",
  "banana",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.0.0.0/-1",
  "10.0.0.0/8.5",
  "2001:db8::/129",
  "010.0.0.0/8",
  "1.2.3.4:80",
  "::ffff:10.0.0.0/8",
  "*",
])("%p is refused by name", (cidr) => {
  expect(() => parseTrustedProxies(`127.0.0.1, ${cidr}`)).toThrow(`${JSON.stringify(cidr)} is no address range`)
})

test.each(["0.0.0.0/0", "::/0"])("%p would trust everybody and is refused", (cidr) => {
  expect(() => parseTrustedProxies(cidr)).toThrow("trusts everybody")
})
