import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { seconds } from "../../../units.ts"

export type Resolve = (host: string) => Promise<string[]>

/** Where a URL leads, and whether all of that is this machine. */
export const locate = async (text: string, resolve: Resolve) => {
  const url = lookupOrigin(text)
  if (url === undefined) return undefined
  const host = url.hostname.replace(/^\[|\]$/g, "")
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  const isLoopback = addresses.length > 0 && addresses.every(isLoopbackAddress)
  // The address itself, so that no name can lead elsewhere later.
  if (isLoopback && url.protocol === "http:") url.hostname = literalOf(addresses)
  return { origin: url.origin, isLoopback, isKnown: addresses.length > 0 }
}

export const resolveHost: Resolve = async (host) => {
  const found = await Promise.race([lookup(host, { all: true }).catch(() => []), Bun.sleep(resolving).then(() => [])])
  return found.map((each) => each.address)
}
const resolving = seconds(5)

const lookupOrigin = (text: string): URL | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isWeb = url.protocol === "http:" || url.protocol === "https:"
  return isWeb && url.username === "" && url.password === "" ? new URL(url.origin) : undefined
}

/** IPv6 may carry an IPv4 address, which the URL writes in hexadecimal. */
const isLoopbackAddress = (address: string) =>
  /^(127(\.\d{1,3}){3}|::1|::ffff:(127(\.\d{1,3}){3}|7f[0-9a-f]{2}:[0-9a-f]{1,4}))$/i.test(address)

const literalOf = (addresses: string[]) => {
  const address = addresses.find((each) => isIP(each) === 4) ?? addresses[0]!
  return isIP(address) === 6 ? `[${address}]` : address
}
