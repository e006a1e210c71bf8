import { until } from "../until.ts"
import type { Fan } from "../world.ts"
import type { Client } from "./client.ts"
import type { Dice } from "./dice.ts"
import { now } from "./history.ts"
import { askCheckout, askJoin, askStatus, live, newPerson, repeated, type Person, type Place } from "./person.ts"
import { openTill, type Till } from "./till.ts"

export type Load = ReturnType<typeof openLoad>

type Parts = { client: Client; sale: string; fans: readonly Fan[]; dice: Dice; perSecond: number }
type Crowd = Parts & {
  till: Till
  people: Person[]
  working: Promise<void>[]
  over: { at: number }
  givenUp: string[]
  place: Place
}

/** People who come as they come, however slow the answers are (open loop), each with a life of their own. */
export const openLoad = (parts: Parts) => {
  const crowd = newCrowd(parts)
  return {
    till: crowd.till,
    start: () => void crowd.working.push(arrivals(crowd), boardWatch(crowd)),
    /** So many come at one moment. */
    burst: (count: number) => {
      for (let left = count; left > 0; left--) arrive(crowd)
    },
    acknowledged: () => crowd.people.reduce((sum, each) => sum + (each.position === undefined ? 0 : 1), 0),
    givenUp: crowd.givenUp as readonly string[],
    gather: (count: number) => gather(crowd, count),
    end: () => end(crowd),
    askAgain: () => askAgain(crowd),
  }
}

const newCrowd = (parts: Parts): Crowd => {
  const till = openTill()
  const over = { at: Infinity }
  const givenUp: string[] = []
  const place: Place = {
    client: parts.client,
    sale: parts.sale,
    dice: parts.dice,
    till,
    isOver: () => over.at < Infinity,
    isGivenUp: () => now() > over.at + finishWithinMs,
    giveUp: ({ operation, account, status, body }) =>
      givenUp.push(`${operation} of ${account} was still answered ${status} ${body.code ?? ""} at the end`),
  }
  return { ...parts, till, people: [], working: [], over, givenUp, place }
}

const arrivals = async (crowd: Crowd) => {
  let next: number = now()
  while (!crowd.place.isOver()) {
    for (; next <= now(); next += crowd.dice.gapMs(crowd.perSecond)) arrive(crowd)
    await Bun.sleep(Math.max(1, Math.min(50, next - now())))
  }
}

const arrive = (crowd: Crowd) => {
  const fan = crowd.fans[crowd.people.length]
  // When nobody is left, people come again.
  if (fan === undefined) return void askJoin(crowd.place, crowd.dice.pick(crowd.people))
  const person = newPerson(fan, crowd.dice)
  crowd.people.push(person)
  crowd.working.push(live(crowd.place, person))
}

/** A sale that exists is never a 404. */
const boardWatch = async ({ client, sale, place }: Crowd) => {
  while (!place.isOver()) {
    await client.ask({ operation: "board", method: "GET", path: `/v1/sales/${sale}/waiting-room/board` })
    await Bun.sleep(boardEveryMs)
  }
}

/** Closes the till until so many stand before it. Who closes it opens it. */
const gather = async ({ till }: Crowd, count: number) => {
  till.close()
  await until(`${count} people stand at the till`, () => till.standing() >= count)
}

const end = async (crowd: Crowd) => {
  crowd.over.at = Math.min(crowd.over.at, now())
  crowd.till.open()
  await Promise.all(crowd.working)
}

/** Everybody once more: where do I stand, and what became of my order? */
const askAgain = async (crowd: Crowd) => {
  const place = { ...crowd.place, isGivenUp: openPatience(finishWithinMs) }
  const left = crowd.people.filter((each) => each.position !== undefined)
  const asker = async () => {
    for (let each = left.pop(); each !== undefined; each = left.pop()) {
      const person = each
      await repeated(place, () => askStatus(place, person))
      if (person.checkout.isAsked) await repeated(place, () => askCheckout(place, person))
    }
  }
  await Promise.all(Array.from({ length: askersAtOnce }, asker))
}

const openPatience = (ms: number) => {
  const began = now()
  return () => now() > began + ms
}

const finishWithinMs = 30_000
const boardEveryMs = 100
const askersAtOnce = 16
