import { clock } from "./kinds/clock.ts"
import { freeze } from "./kinds/freeze.ts"
import { network } from "./kinds/network.ts"
import { postgresKill } from "./kinds/postgres-kill.ts"
import { redisKill } from "./kinds/redis-kill.ts"
import { restart } from "./kinds/restart.ts"
import { trafficKill } from "./kinds/traffic-kill.ts"
import { wipe } from "./kinds/wipe.ts"
import type { Kind } from "./scene.ts"

/** Every kind of fault that `scripts/faults` knows. */
export const kinds: Kind[] = [redisKill, postgresKill, trafficKill, wipe, freeze, clock, network, restart]
