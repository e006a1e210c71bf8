import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import { isStoreAway, type Pool } from "../stores/postgres.ts"
import { seconds, type Millis } from "../units.ts"

export type Switch = "event_mode"
export type Switches = ReturnType<typeof openSwitches>

/**
 * What an operator has switched on, for all nodes. `isOn` costs nothing: each node looks every two seconds, and keeps what it saw while
 * Postgres is away.
 */
export const openSwitches = ({
  sql,
  clock,
  log,
  every = seconds(2),
}: {
  sql: Pool
  clock: Clock
  log: Log
  every?: Millis
}) => {
  let on = new Set<string>()

  const look = async () => {
    const rows = await sql<{ name: string }[]>`select name from operator_switches where is_on limit 10`
    on = new Set(rows.map((row) => row.name))
  }
  const { start, stop, tick } = openLoop({ name: "switches", every, work: look, log, isAway: isStoreAway })

  return {
    isOn: (name: Switch) => on.has(name),
    set: async (name: Switch, isOn: boolean): Promise<void> => {
      await sql`
        insert into operator_switches (name, is_on, changed_at) values (${name}, ${isOn}, ${clock()})
        on conflict (name) do update set is_on = excluded.is_on, changed_at = excluded.changed_at`
      await tick()
    },
    start,
    stop,
  }
}
