// bun scripts/faults.ts [redis|postgres|traffic|sellout|orphans ...]
// The long form of the fault tests: kills by the dozen against ./traffic, on this machine only. Prints what was seen as JSON.
import { exitCodes } from "../src/exit.ts"
import { orphans, postgresKills, redisKills, sellOut, trafficKills } from "../src/testing/faults/faults.ts"

const tell = (line: string) => console.error(`  ${line}`)
const faults: Record<string, () => Promise<unknown>> = {
  redis: () => redisKills({ kills: 20, slow: 5, tell }),
  postgres: () => postgresKills({ kills: 20, shoppers: 20, tell }),
  traffic: () => trafficKills({ kills: 5, people: 100, tell }),
  sellout: () => sellOut({ people: 5000, seats: 500, tell }),
  orphans,
}

const asked = process.argv.slice(2)
const unknown = asked.find((each) => !(each in faults))
if (unknown !== undefined) {
  console.error(`${unknown} is no fault: choose among ${Object.keys(faults).join(", ")}`)
  process.exit(exitCodes.usage)
}
for (const name of asked.length > 0 ? asked : Object.keys(faults)) {
  console.error(name)
  console.log(JSON.stringify({ fault: name, seen: await faults[name]!() }))
}
