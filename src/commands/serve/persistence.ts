import { openRedis, redisReady, type Redis } from "../../stores/redis.ts"
import { seconds } from "../../units.ts"

/** Why this Redis must not keep a queue: it could lose a join that was answered. */
export const persistenceRefusals = async (url: string): Promise<string[]> => {
  const redis = openRedis(url, { commandTimeout: seconds(2) })
  try {
    await redisReady(redis, seconds(5))
    return await judge(redis)
  } catch {
    return ["REDIS_URL does not answer, so its persistence cannot be judged"]
  } finally {
    redis.disconnect()
  }
}

const judge = async (redis: Redis): Promise<string[]> => {
  const reasons: string[] = []
  for (const [name, value] of Object.entries(expected)) {
    const answer: unknown = await redis.call("CONFIG", "GET", name).catch(() => undefined)
    const seen = Array.isArray(answer) ? String(answer[1]) : undefined
    if (seen === undefined) reasons.push(`The queue's Redis does not tell its setting ${name}; it has to be ${value}`)
    else if (seen !== value)
      reasons.push(
        `The queue's Redis has ${name} ${seen}; with anything but ${value} it can lose joins that were answered`,
      )
  }
  return reasons
}

const expected: Record<string, string> = {
  appendonly: "yes",
  appendfsync: "always",
  "no-appendfsync-on-rewrite": "no",
  "maxmemory-policy": "noeviction",
}
