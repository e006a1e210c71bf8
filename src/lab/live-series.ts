import type { LivePoint } from "./run.ts"

/** Appends to a series of at most `most` points; when it is full every second point goes, and from then on fewer are taken. */
export const openLiveSeries = (points: LivePoint[], most = pointsKept) => {
  let stride = 1
  let offered = 0
  return (point: LivePoint) => {
    if (offered++ % stride !== 0) return
    if (points.length === most) {
      for (let index = 0; index < most / 2; index++) points[index] = points[index * 2]!
      points.length = Math.floor(most / 2)
      stride *= 2
    }
    points.push(point)
  }
}

/** An hour, second by second. */
const pointsKept = 3600
