import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Pool, Sql } from "../../stores/postgres.ts"
import type { Redis } from "../../stores/redis.ts"

/** In the script of this name of the waiting room, every `from` becomes `to`. */
export type ScriptSwap = { script: string; from: string; to: string }
/** In the statements that a box office or a journal sends, every `from` becomes `to`; it stands between two parameters. */
export type StatementSwap = { from: string; to: string }

/** The same connection, but some scripts do something else. @throws Error when a script no longer has what is swapped. */
export const swapScripts = (redis: Redis, swaps: ScriptSwap[]): Redis => {
  const texts = new Map<string, string>()
  for (const { script, from, to } of swaps) {
    const text = readFileSync(join(import.meta.dir, "../../waiting-room", `${script}.lua`), "utf8")
    const sha = createHash("sha1").update(text).digest("hex")
    const before = texts.get(sha) ?? text
    if (!before.includes(from)) throw new Error(`${script}.lua no longer has: ${from}`)
    texts.set(sha, before.replaceAll(from, to))
  }
  if (texts.size === 0) return redis
  const evalsha = (sha: string, count: number, ...given: (string | number)[]) => {
    const text = texts.get(sha)
    return text === undefined ? redis.evalsha(sha, count, ...given) : redis.eval(text, count, ...given)
  }
  return new Proxy(redis, { get: (client, name) => (name === "evalsha" ? evalsha : bound(client, name)) })
}

/** The same pool, but some statements say something else. `unused` are those that no statement has had so far. */
export const swapStatements = (sql: Pool, swaps: StatementSwap[]): { sql: Pool; unused: () => StatementSwap[] } => {
  const unused = new Set(swaps)
  const swapped = (strings: TemplateStringsArray) => {
    const parts = strings.map((part) =>
      swaps.reduce((text, swap) => {
        if (!text.includes(swap.from)) return text
        unused.delete(swap)
        return text.replaceAll(swap.from, swap.to)
      }, part),
    )
    return Object.assign(parts, { raw: parts })
  }
  const wrap = <Target extends Pool | Sql>(target: Target): Target =>
    new Proxy(target, {
      apply: (send, self, given: unknown[]) => {
        const [first, ...rest] = given
        const isTemplate = Array.isArray(first) && "raw" in first
        return Reflect.apply(
          send as unknown as () => unknown,
          self,
          isTemplate ? [swapped(first as never), ...rest] : given,
        )
      },
      get: (client, name) => {
        if (name !== "begin") return bound(client, name)
        return (...given: unknown[]) => {
          const work = given.pop() as (tx: Sql) => Promise<unknown>
          return (client as Pool).begin(...(given as []), ((tx: Sql) => work(wrap(tx))) as never)
        }
      },
    })
  return { sql: swaps.length === 0 ? sql : wrap(sql), unused: () => [...unused] }
}

const bound = (target: object, name: string | symbol): unknown => {
  const member: unknown = Reflect.get(target, name)
  return typeof member === "function" ? member.bind(target) : member
}
