import { createHash } from "node:crypto"
import type { Redis } from "./redis.ts"

type Shape<Keys extends readonly string[], Args extends readonly string[], Reply> = {
  keys: Keys
  args: Args
  /** Takes a list after the named arguments, bounded by the caller. */
  rest?: boolean
  reply: (raw: unknown) => Reply
}

/**
 * Binds a Lua file to a function with named keys and arguments.
 * The file's first `local ... = KEYS[..]` and `local ... = ARGV[..]` lines are its signature: they must name the same things in
 * the same order as the binding, otherwise the import throws. EVALSHA first, EVAL when Redis has forgotten the script.
 * `restKeys` follow the named keys, all in one slot: the script loops over KEYS from there.
 */
export const script = <const Keys extends readonly string[], const Args extends readonly string[], Reply>(
  lua: string,
  shape: Shape<Keys, Args, Reply>,
) => {
  agree(lua, "KEYS", shape.keys)
  agree(lua, "ARGV", shape.args)
  const sha = createHash("sha1").update(lua).digest("hex")
  return async (
    redis: Redis,
    keys: Record<Keys[number], string>,
    args: Record<Args[number], string | number>,
    rest: (string | number)[] = [],
    restKeys: string[] = [],
  ): Promise<Reply> => {
    const given = [
      ...shape.keys.map((name) => keys[name as Keys[number]]),
      ...restKeys,
      ...shape.args.map((name) => args[name as Args[number]]),
      ...rest,
    ]
    return shape.reply(await evaluate(redis, lua, sha, shape.keys.length + restKeys.length, given))
  }
}

const evaluate = async (redis: Redis, lua: string, sha: string, keyCount: number, given: (string | number)[]) => {
  try {
    return await redis.evalsha(sha, keyCount, ...given)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error
    return redis.eval(lua, keyCount, ...given)
  }
}

const agree = (lua: string, table: "KEYS" | "ARGV", names: readonly string[]) => {
  const line = lua.split("\n").find((each) => each.startsWith("local ") && each.includes(`${table}[`))
  const declared = line
    ?.slice("local ".length, line.indexOf("="))
    .split(",")
    .map((name) => name.trim())
  if ((declared ?? []).join() !== names.join())
    throw new Error(`A Lua script declares ${table} (${declared ?? "none"}), its binding (${names})`)
}
