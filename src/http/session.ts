import type { Config } from "../config.ts"

/**
 * The account token in a cookie, for pages. Over plain HTTP on this machine a browser takes no `__Host-` cookie everywhere, so the demo
 * has a plain one.
 */
export const openSessions = ({ mode }: Pick<Config, "mode">) => {
  const [name, attributes] =
    mode === "production"
      ? ["__Host-traffic", "Path=/; Secure; HttpOnly; SameSite=Lax"]
      : ["traffic", "Path=/; HttpOnly; SameSite=Lax"]
  const pattern = new RegExp(`(?:^|;\\s*)${name}=([^;\\s]{1,2048})(?:;|$)`)
  return {
    tokenIn: (request: Request): string | undefined => pattern.exec(request.headers.get("cookie") ?? "")?.[1],
    begin: (token: string) => `${name}=${token}; ${attributes}; Max-Age=${sessionSeconds}`,
    end: () => `${name}=; ${attributes}; Max-Age=0`,
  }
}

/** As long as the token inside. */
const sessionSeconds = 12 * 60 * 60
