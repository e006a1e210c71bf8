import type { Config } from "../../config.ts"
import type { Millis } from "../../units.ts"

export type CookieOf = { name: string; length: Millis }

/**
 * A signed text in a cookie that no script reads. Over plain HTTP on this machine a browser takes no `__Host-` cookie everywhere, so the
 * demo has a plain one.
 */
export const openSessions = ({ mode }: Pick<Config, "mode">, { name: plain, length }: CookieOf) => {
  const [name, attributes] =
    mode === "production"
      ? [`__Host-${plain}`, "Path=/; Secure; HttpOnly; SameSite=Lax"]
      : [plain, "Path=/; HttpOnly; SameSite=Lax"]
  const pattern = new RegExp(`(?:^|;\\s*)${name}=([^;\\s]{1,2048})(?:;|$)`)
  return {
    lookup: (request: Request): string | undefined => pattern.exec(request.headers.get("cookie") ?? "")?.[1],
    begin: (text: string) => `${name}=${text}; ${attributes}; Max-Age=${length / 1000}`,
    end: () => `${name}=; ${attributes}; Max-Age=0`,
  }
}
