import { sleep } from "k6"
import type { Person } from "./person.ts"

/*
 * Loopback has no distance, so the client waits out the network itself. Without keep-alive a request costs the handshake of a new
 * connection, one message there and one back, before its own way there.
 */
export const travelThere = ({ oneWay }: Person) => {
  if (oneWay !== undefined) sleep((3 * oneWay) / 1000)
}

export const travelBack = ({ oneWay }: Person) => {
  if (oneWay !== undefined) sleep(oneWay / 1000)
}
