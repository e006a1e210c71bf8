import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { exitCodes, Refusal, type ExitCode } from "../../exit.ts"
import { devAdminKey, type Environment } from "../../config.ts"
import { lookupTime, seconds, type EpochMs, type Millis } from "../../units.ts"
import type { Complaint } from "./output.ts"

/** What decides whether a target may be used at all. */
export type Targeting = {
  /** --i-own-this-target */
  isOwn: boolean
  /** --admin-key, else TRAFFIC_ADMIN_KEY. */
  adminKey?: string
  /** Sent to a target that asks for it. */
  demoKey?: string
  /** Addresses of a host name; none when it has none. */
  resolve: (host: string) => Promise<string[]>
}

export type Target = {
  /** Such as http://127.0.0.1:8080. On this machine it names the address itself, so that no name can lead elsewhere later. */
  origin: string
  isLoopback: boolean
  adminKey: string
  /** JSON both ways. */
  call(method: string, path: string, body?: unknown): Promise<{ answer: Record<string, unknown> } | Complaint>
  /** An answer of any kind; what is no success is a complaint. */
  send(method: string, path: string, body?: unknown, within?: Millis): Promise<Response | Complaint>
}

/**
 * The server at the other end of --target. Load on somebody else's server is an attack, so without the owner's word and
 * the admin key only this machine is taken, and nothing is sent before that is settled.
 */
export const openTarget = async (text: string, targeting: Targeting): Promise<Target | Complaint> => {
  const url = originIn(text)
  if (url === undefined) return refused(text, "name a server on this machine, such as http://127.0.0.1:8080")
  const addresses = await addressesOf(url.hostname, targeting.resolve)
  const isLoopback = addresses.length > 0 && addresses.every(isLoopbackAddress)
  const { adminKey } = targeting
  if (!isLoopback && !targeting.isOwn)
    return refused(
      text,
      "name a server on this machine, such as http://127.0.0.1:8080; for another one that is yours add --i-own-this-target and its --admin-key",
    )
  if (!isLoopback && addresses.length === 0) return refused(text, "this name has no address here")
  if (!isLoopback && adminKey === undefined)
    return refused(text, "a server elsewhere takes its admin key too: add --admin-key or set TRAFFIC_ADMIN_KEY")
  if (isLoopback && url.protocol === "http:") url.hostname = literalOf(addresses)
  const target = targetAt(url.origin, isLoopback, { ...targeting, adminKey: adminKey ?? devAdminKey })
  if (isLoopback) return target
  const known = await askClock(target)
  return typeof known === "number" ? target : known
}

/** The server's clock, which it tells whoever has the admin key: the cheapest question that proves the key. */
export const askClock = async (target: Target): Promise<EpochMs | Complaint> => {
  const asked = await target.call("GET", "/v1/admin/clock")
  if ("complaint" in asked) return asked
  const now = lookupTime(String(asked.answer["now"]))
  return (
    now ?? {
      complaint: `${target.origin} does not tell the time: is it a traffic server of this version?`,
      code: exitCodes.usage,
    }
  )
}

/** Flags of every command that takes --target. */
export type TargetFlags = { iOwnThisTarget?: boolean; adminKey?: string }

export const targetingOf = ({ iOwnThisTarget, adminKey }: TargetFlags, env: Environment): Targeting => {
  const key = adminKey ?? (env["TRAFFIC_ADMIN_KEY"] || undefined)
  const demoKey = env["TRAFFIC_DEMO_KEY"] || undefined
  return {
    isOwn: iOwnThisTarget === true,
    ...(key === undefined ? {} : { adminKey: key }),
    ...(demoKey === undefined ? {} : { demoKey }),
    resolve: resolveHost,
  }
}

/** A complaint as a refusal. */
export const failure = ({ complaint, code }: Complaint) =>
  new Refusal(
    code === exitCodes.usage ? "usage" : code === exitCodes.missing ? "missing" : "fail",
    complaint.split("\n"),
  )

/** Of the system: /etc/hosts and DNS. */
export const resolveHost = async (host: string): Promise<string[]> => {
  const found = await Promise.race([lookup(host, { all: true }).catch(() => []), Bun.sleep(resolving).then(() => [])])
  return found.map((each) => each.address)
}
const resolving = seconds(5)

const refused = (text: string, fix: string): Complaint => ({
  complaint: `--target ${text}: ${fix}`,
  code: exitCodes.usage,
})

const originIn = (text: string): URL | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isWeb = url.protocol === "http:" || url.protocol === "https:"
  return isWeb && url.username === "" && url.password === "" ? new URL(url.origin) : undefined
}

const addressesOf = async (hostname: string, resolve: Targeting["resolve"]) => {
  const host = hostname.replace(/^\[|\]$/g, "")
  return isIP(host) === 0 ? resolve(host) : [host]
}

/** IPv6 may carry an IPv4 address, which the URL writes in hexadecimal. */
const isLoopbackAddress = (address: string) =>
  /^(127(\.\d{1,3}){3}|::1|::ffff:(127(\.\d{1,3}){3}|7f[0-9a-f]{2}:[0-9a-f]{1,4}))$/i.test(address)

const literalOf = (addresses: string[]) => {
  const address = addresses.find((each) => isIP(each) === 4) ?? addresses[0]!
  return isIP(address) === 6 ? `[${address}]` : address
}

const targetAt = (origin: string, isLoopback: boolean, keys: { adminKey: string; demoKey?: string }): Target => {
  const send: Target["send"] = async (method, path, body, within = seconds(30)) => {
    const headers = {
      "content-type": "application/json",
      ...(path.startsWith("/v1/admin/") ? { "x-admin-key": keys.adminKey } : {}),
      ...(keys.demoKey === undefined ? {} : { "x-demo-key": keys.demoKey }),
    }
    const signal = AbortSignal.timeout(within)
    const order = { method, headers, signal, redirect: "manual" as const }
    try {
      const response = await fetch(
        new URL(path, origin),
        body === undefined ? order : { ...order, body: JSON.stringify(body) },
      )
      return response.ok ? response : await complaintOf(response, origin, path)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return { complaint: `${origin} does not answer: ${why}`, code: exitCodes.missing }
    }
  }
  const call: Target["call"] = async (method, path, body) => {
    const response = await send(method, path, body)
    if ("complaint" in response) return response
    const answer = await response.json().catch(() => undefined)
    if (typeof answer === "object" && answer !== null) return { answer: answer as Record<string, unknown> }
    return { complaint: `${origin} did not answer with JSON: is it a traffic server?`, code: exitCodes.missing }
  }
  return { origin, isLoopback, adminKey: keys.adminKey, call, send }
}

const complaintOf = async (response: Response, origin: string, path: string): Promise<Complaint> => {
  if (response.status >= 300 && response.status < 400)
    return {
      complaint: `${origin} points to ${response.headers.get("location") ?? "somewhere else"}, and nobody is sent on: name the server itself`,
      code: exitCodes.usage,
    }
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>
  const said = `${origin} answered ${response.status}: ${String(problem["detail"] ?? problem["title"] ?? path)}`
  if (response.status === 403 && path.startsWith("/v1/admin/"))
    return { complaint: `--admin-key: it is not the key of ${origin} (TRAFFIC_ADMIN_KEY there)`, code: exitCodes.usage }
  return { complaint: said, code: codes[response.status] ?? exitCodes.fail }
}

const codes: Record<number, ExitCode> = { 400: exitCodes.usage, 403: exitCodes.usage, 503: exitCodes.missing }
