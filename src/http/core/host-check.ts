import type { Config } from "../../config.ts"
import { demoHosts, openHosts } from "../../guard/hosts.ts"

export type HostCheck = (request: Request) => void

export const openHostCheck = ({ hosts: listed, host }: Pick<Config, "hosts" | "host">): HostCheck => {
  const hosts = openHosts(listed.length > 0 ? [...listed, "127.0.0.0/8", "::1"] : demoHosts(host))
  return (request) => hosts.check(request.headers.get("host"))
}
