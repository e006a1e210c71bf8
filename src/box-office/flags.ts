import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import { isStoreAway, type Pool } from "../stores/postgres.ts"
import { seconds, type Millis } from "../units.ts"

export type Flag = "event_mode"

type FlagParts = { sql: Pool; clock: Clock; log: Log; every?: Millis }

/** What an operator has switched on, for all nodes. `isOn` costs nothing: each node reads every two seconds, and keeps what it read while Postgres is away. */
export const openFlags = ({ sql, clock, log, every = seconds(2) }: FlagParts) => {
  let on = new Set<string>()

  const read = async () => {
    const rows = await sql<{ name: string }[]>`select name from operator_switches where is_on limit 10`
    on = new Set(rows.map((row) => row.name))
  }
  const { start, stop } = openLoop({ name: "flags", every, work: read, log, isAway: isStoreAway })

  return {
    isOn: (name: Flag) => on.has(name),
    set: async (name: Flag, isOn: boolean): Promise<void> => {
      await sql`
        insert into operator_switches (name, is_on, changed_at) values (${name}, ${isOn}, ${clock()})
        on conflict (name) do update set is_on = excluded.is_on, changed_at = excluded.changed_at`
      // Not the loop's tick: one that is under way may have read before this was written.
      await read()
    },
    start,
    stop,
  }
}
