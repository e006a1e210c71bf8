import ipaddr from "ipaddr.js"
import { Fault } from "../fault.ts"

/**
 * The hosts that this server answers for, as TRAFFIC_HOSTS lists them: names, addresses, and ranges of addresses such as
 * 127.0.0.0/8. A page of a stranger can point a name of its own at us, but never an address, so ranges let in no such page.
 */
export const openHosts = (allowed: readonly string[]) => {
  const seen = new Map<string, boolean>()
  const isKnown = (host: string) => {
    const before = seen.get(host)
    if (before !== undefined) return before
    const answer = isAllowedHost(host, allowed)
    if (seen.size >= remembered) seen.clear()
    if (host.length <= longestHost) seen.set(host, answer)
    return answer
  }

  return {
    /** Two Host headers arrive joined by a comma and are refused. @throws Fault misdirected */
    check: (host: string | null) => {
      if (host === null || !isKnown(host)) throw misdirected(host)
    },
    /**
     * Of a request URL, which is cheaper than the header: Bun builds it from the first Host header and leaves the host out when
     * it is missing or malformed.
     * @throws Fault misdirected
     */
    checkAddress: (address: string) => {
      const host = hostOf(address)
      if (host === undefined || !isKnown(host)) throw misdirected(host ?? null)
    },
  }
}

/** Characters; the longest name has 253, and a port follows. */
const longestHost = 260
const remembered = 1000

const misdirected = (host: string | null) =>
  new Fault(
    "misdirected",
    host ? "The operator lists the hosts of this server in TRAFFIC_HOSTS" : "The request names no host",
  )

const hostOf = (address: string): string | undefined => {
  const from = address.startsWith("http://") ? 7 : address.startsWith("https://") ? 8 : undefined
  if (from === undefined) return undefined
  const end = address.indexOf("/", from)
  return end === -1 ? address.slice(from) : address.slice(from, end)
}

export const isAllowedHost = (host: string, allowed: readonly string[]): boolean => {
  if (host.length > longestHost) return false
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?))(?::(\d{1,5}))?$/i.exec(host) ?? []
  const name = (bracketed ?? plain)?.toLowerCase()
  if (name === undefined || (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))) return false
  const address = bracketed === undefined ? lookupIPv4(name) : lookupIPv6(name)
  if (bracketed !== undefined && address === undefined) return false
  return allowed.some((each) => (address ? isWithin(address, each) : each === name))
}

const isWithin = (address: ipaddr.IPv4 | ipaddr.IPv6, allowed: string) => {
  const range = lookupRange(allowed)
  return range !== undefined && range[0].kind() === address.kind() && address.match(range[0], range[1])
}

const lookupIPv4 = (text: string) => (ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined)
const lookupIPv6 = (text: string) =>
  text.includes(":") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined

const lookupRange = (text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined => {
  const [base = "", bits, ...more] = text.split("/")
  const address = lookupIPv4(base) ?? lookupIPv6(base.replace(/^\[(.+)\]$/, "$1"))
  if (!address || more.length > 0) return undefined
  const most = address.kind() === "ipv4" ? 32 : 128
  if (bits === undefined) return [address, most]
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? [address, Number(bits)] : undefined
}

/** `tickets.example.com, 192.0.2.0/24`, in lower case and without ports. @throws Error that names the bad one. */
export const parseHosts = (text: string): string[] => {
  const hosts = text
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "")
  for (const host of hosts) {
    const isName = /^[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?$/.test(host) && !/^[\d.]+$/.test(host)
    if (!isName && lookupRange(host) === undefined)
      throw new Error(
        `${JSON.stringify(host)} is no host: write a name without a port, an address, or a range like 192.0.2.0/24`,
      )
  }
  return hosts
}

/**
 * For a demo without TRAFFIC_HOSTS: the names of this machine and the address it listens on; any address, but no other name,
 * when it listens on all.
 */
export const demoHosts = (listeningOn: string): string[] => {
  const everywhere = listeningOn === "0.0.0.0" || listeningOn === "::"
  return ["localhost", "127.0.0.0/8", "::1", ...(everywhere ? ["0.0.0.0/0", "::/0"] : [listeningOn.toLowerCase()])]
}
