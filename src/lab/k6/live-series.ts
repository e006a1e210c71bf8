import { figureNames, figureOf, type Second } from "../model/figures.ts"

/**
 * Appends to a series of at most `most` seconds; when it is full every two become one, and from then on as many seconds share a
 * point. It is the first of them, with the longest delays of all: a peak stays in the picture.
 */
export const openLiveSeries = (points: Second[], most = pointsKept) => {
  let stride = 1
  let offered = 0
  return (point: Second) => {
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

const pointsKept = 3600

const joined = (first: Second, second: Second | undefined): Second => {
  if (second === undefined) return first
  const both = { ...first }
  for (const name of figureNames()) {
    const value = second[name]
    if (figureOf(name).keepsPeak && value !== undefined) both[name] = Math.max(first[name] ?? value, value)
  }
  return both
}
