import type { Second } from "../model/figures.ts"

const stepsMax = 40
const order = ["join", "status", "stream", "admission", "seats", "hold", "checkout"]

/** In the order in which a person takes the steps; at most 40. */
export const stepNames = (seconds: Second[], more: string[] = []): string[] => {
  const found = new Set([...more, ...seconds.flatMap(({ steps = {} }) => Object.keys(steps))])
  const place = (step: string) => (order.includes(step) ? order.indexOf(step) : order.length)
  return [...found].toSorted((a, b) => place(a) - place(b) || a.localeCompare(b)).slice(0, stepsMax)
}
