import { sleep } from "k6"
import { onTheWay } from "./metrics.ts"
import type { Person } from "./person.ts"

/*
 * Loopback has no distance, so the client waits out the network itself. Without keep-alive a request costs the handshake of a new
 * connection, one message there and one back, before its own way there.
 */
export const travelThere = ({ oneWay }: Person) => travel(oneWay, 3)

export const travelBack = ({ oneWay }: Person) => travel(oneWay, 1)

const travel = (oneWay: number | undefined, messages: number) => {
  if (oneWay === undefined) return
  sleep((messages * oneWay) / 1000)
  onTheWay.add(messages * oneWay)
}
