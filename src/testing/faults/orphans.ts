import { until } from "../until.ts"
import { descendants, openWorld } from "../world.ts"

/** kill -9 without a restart: the stores must be gone by themselves. */
export const orphans = async () => {
  const world = await openWorld()
  const below = descendants(world.pid)
  process.kill(world.pid, "SIGKILL")
  const alive = () => below.filter((pid) => isAlive(pid))
  await until("the stores end", () => alive().length === 0).catch(() => {})
  const left = alive()
  await world.close()
  return { started: below.length, left: left.length }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
