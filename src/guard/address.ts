import ipaddr from "ipaddr.js"

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Address, number]

/**
 * The subject that an address limit counts: an IPv4 address, or the /64 of an IPv6 one, which is one household. X-Forwarded-For
 * is read from the right, from trusted peers only: the first address that is no trusted proxy is the client.
 */
export const openAddresses = (trustedCidrs: readonly string[]) => {
  const trusted = trustedCidrs.map(parseNetwork)
  const isTrusted = (address: Address) =>
    trusted.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits))
  const seen = new Map<string, string>()

  const clientOf = (peer: Address, forwardedFor: string) => {
    let client = peer
    for (const hop of hopsFromTheRight(forwardedFor)) {
      if (!isTrusted(client)) return client
      const before = lookupAddress(hop)
      if (before === undefined) return client
      client = before
    }
    return client
  }

  return {
    readsForwardedFor: trusted.length > 0,
    /** Peers on a unix socket have no address and count as one. */
    of: (peer: string | undefined, forwardedFor: string | null): string => {
      const claim = trusted.length === 0 ? "" : (forwardedFor?.slice(-longestHeader) ?? "")
      const asked = claim === "" ? (peer ?? "") : `${peer} ${claim}`
      const before = seen.get(asked)
      if (before !== undefined) return before
      const address = peer === undefined ? undefined : lookupAddress(peer)
      const subject = address ? subjectOf(clientOf(address, claim)) : "no-address"
      if (seen.size >= remembered) seen.clear()
      seen.set(asked, subject)
      return subject
    },
  }
}

/** Characters, from its right end. */
const longestHeader = 1024
const mostHops = 16
const remembered = 20_000

const hopsFromTheRight = (forwardedFor: string) =>
  forwardedFor === "" ? [] : forwardedFor.split(",").slice(-mostHops).reverse()

/** With a port or without, as proxies write it: 192.0.2.7, 192.0.2.7:443, 2001:db8::1, [2001:db8::1]:443. */
const lookupAddress = (text: string): Address | undefined => {
  const trimmed = text.trim()
  const [, bracketed, dotted] =
    /^(?:\[([0-9a-f:.]+)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+)(?::\d{1,5})?)$/i.exec(trimmed) ?? []
  const bare = bracketed ?? dotted ?? trimmed.replace(/%[\w.-]{1,32}$/, "")
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare)
  if (!/^[0-9a-f:.]{2,45}$/i.test(bare) || !ipaddr.IPv6.isValid(bare)) return undefined
  return unmapped(ipaddr.IPv6.parse(bare))
}

const unmapped = (address: ipaddr.IPv6): Address => (address.isIPv4MappedAddress() ? address.toIPv4Address() : address)

const subjectOf = (address: Address) =>
  "octets" in address
    ? address.toString()
    : `${new ipaddr.IPv6([...address.parts.slice(0, 4), 0, 0, 0, 0]).toRFC5952String()}/64`

/** `10.0.0.0/8, 2001:db8::/32`, or single addresses; empty text trusts nobody. @throws Error that names the bad one. */
export const parseTrustedProxies = (text: string): string[] => {
  const cidrs = text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
  for (const cidr of cidrs) parseNetwork(cidr)
  return cidrs
}

const parseNetwork = (cidr: string): Network => {
  const [text = "", bits, ...more] = cidr.split("/")
  const address = /^[0-9a-f:.]+$/i.test(text) && !/^[\d.]+:\d+$/.test(text) ? lookupAddress(text) : undefined
  const mapped = address?.kind() === "ipv4" && text.includes(":")
  const most = address?.kind() === "ipv4" ? 32 : 128
  const given = bits === undefined ? most : Number(bits) - (mapped ? 96 : 0)
  const isLength = bits === undefined || /^\d{1,3}$/.test(bits)
  if (!address || more.length > 0 || !isLength || given < 0 || given > most)
    throw new Error(`${JSON.stringify(cidr)} is no address range: write it like 10.0.0.0/8 or 2001:db8::/32`)
  if (given === 0) throw new Error(`${JSON.stringify(cidr)} trusts everybody: name the proxies in front of this server`)
  return [address, given]
}
