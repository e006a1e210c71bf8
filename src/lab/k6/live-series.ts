import type { LivePoint } from "../model/run.ts"

/**
 * Appends to a series of at most `most` points; when it is full every two become one, and from then on as many seconds share a
 * point. It is the first of them, with the longest delays of all: a peak stays in the picture.
 */
export const openLiveSeries = (points: LivePoint[], most = pointsKept) => {
  let stride = 1
  let offered = 0
  return (point: LivePoint) => {
    const last = points.at(-1)
    if (offered++ % stride !== 0 && last !== undefined) {
      points[points.length - 1] = joined(last, point)
      return
    }
    if (points.length === most) {
      for (let index = 0; index < most / 2; index++) points[index] = joined(points[index * 2]!, points[index * 2 + 1])
      points.length = Math.ceil(most / 2)
      stride *= 2
    }
    points.push(point)
  }
}

/** An hour, second by second. */
const pointsKept = 3600

const joined = (first: LivePoint, second: LivePoint | undefined): LivePoint => {
  if (second === undefined) return first
  const { server } = first
  return {
    ...first,
    ...longest(["p50Ms", "p95Ms", "p99Ms"], first, second),
    ...(server === undefined
      ? {}
      : { server: { ...server, ...longest(["loopLagMs", "fsyncMs"], server, second.server ?? {}) } }),
  }
}

type Delays<Name extends string> = Partial<Record<Name, number>>

/** The greater of each; what neither has is absent. */
const longest = <Name extends string>(names: Name[], first: Delays<Name>, second: Delays<Name>): Delays<Name> => {
  const found: Delays<Name> = {}
  for (const name of names) {
    const known = [first[name], second[name]].flatMap((each) => each ?? [])
    if (known.length > 0) found[name] = Math.max(...known)
  }
  return found
}
