import { minutes } from "./units.ts"

/** Who is asked for the time. */
export const tellers = ["machine", "redis", "postgres"] as const
export type Teller = (typeof tellers)[number]

/** `at` is a point in time or an offset, for all of one list counted from the same moment. */
export type Reading = { teller: Teller; at: number }

export const agreementMax = minutes(1)

export const isNear = (offset: number) => Math.abs(offset) <= agreementMax

/** The time that two of them tell; with two in all the store's. Undefined when no two agree. */
export const middleOf = (readings: Reading[]): number | undefined => {
  const sorted = readings.toSorted((a, b) => a.at - b.at)
  const middle = sorted.length === 2 ? sorted.find(({ teller }) => teller !== "machine") : sorted[sorted.length >> 1]
  if (!middle || !sorted.some((each) => each !== middle && isNear(each.at - middle.at))) return undefined
  return middle.at
}

/** Says of every teller that is far from 0 by how much, and against which that are near. */
export const wordsFor = (offsets: Reading[]): string => {
  const near = offsets.filter(({ at }) => isNear(at)).map(({ teller }) => names[teller])
  const against = near.length === 0 ? "this node's time" : near.join(" and ")
  return offsets
    .filter(({ at }) => !isNear(at))
    .map(({ teller, at }) => {
      const seconds = Math.round(Math.abs(at) / 1000)
      return `the clock of ${names[teller]} is ${seconds} s ${at > 0 ? "ahead of" : "behind"} ${against}`
    })
    .join(", ")
}

const names: Record<Teller, string> = { machine: "this machine", redis: "Redis", postgres: "Postgres" }
