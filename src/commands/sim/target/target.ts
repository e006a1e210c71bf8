import { devAdminKey, type Environment } from "../../../config.ts"
import { Refusal } from "../../../exit.ts"
import { lookupTime, type EpochMs } from "../../../units.ts"
import type { TargetOptions } from "../options.ts"
import { locate, resolveHost, type Resolve } from "./address.ts"
import { openClient, type Client } from "./client.ts"

export type Targeting = {
  isOwn: boolean
  adminKey?: string
  demoKey?: string
  resolve: Resolve
}

export type Target = Client & {
  origin: string
  isLoopback: boolean
  adminKey: string
}

/**
 * The server at the other end of --target. Load on somebody else's server is an attack, so without the owner's word and
 * the admin key only this machine is taken, and nothing is sent before that is settled.
 * @throws Refusal
 */
export const openTarget = async (text: string, targeting: Targeting): Promise<Target> => {
  const place = await locate(text, targeting.resolve)
  if (place === undefined) throw refused(text, "name a server on this machine, such as http://127.0.0.1:8080")
  const { origin, isLoopback, isKnown } = place
  if (!isLoopback && !targeting.isOwn)
    throw refused(
      text,
      "name a server on this machine, such as http://127.0.0.1:8080; for another one that is yours add --i-own-this-target and its --admin-key",
    )
  if (!isKnown) throw refused(text, "this name has no address here")
  if (!isLoopback && targeting.adminKey === undefined)
    throw refused(text, "a server elsewhere takes its admin key too: add --admin-key or set TRAFFIC_ADMIN_KEY")
  const adminKey = targeting.adminKey ?? devAdminKey
  const target = { origin, isLoopback, adminKey, ...openClient(origin, { adminKey, demoKey: targeting.demoKey }) }
  if (!isLoopback) await askClock(target)
  return target
}

const refused = (text: string, fix: string) => new Refusal("usage", `--target ${text}: ${fix}`)

/** The server's clock, which it tells whoever has the admin key: the cheapest question that proves the key. @throws Refusal */
export const askClock = async ({ origin, call }: Target): Promise<EpochMs> => {
  const { now } = await call("GET", "/v1/admin/clock")
  const at = lookupTime(String(now))
  if (at === undefined)
    throw new Refusal("usage", `${origin} does not tell the time: is it a traffic server of this version?`)
  return at
}

export const targetingOf = ({ iOwnThisTarget, adminKey }: TargetOptions, env: Environment): Targeting => ({
  isOwn: iOwnThisTarget === true,
  adminKey: adminKey ?? (env["TRAFFIC_ADMIN_KEY"] || undefined),
  demoKey: env["TRAFFIC_DEMO_KEY"] || undefined,
  resolve: resolveHost,
})
