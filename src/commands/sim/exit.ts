import type { RunBody } from "../../lab/report/wire.ts"

export const exitCodes = { pass: 0, fail: 1, inconclusive: 2, usage: 64, missing: 69, cancelled: 130 } as const

export const codeOf = ({ verdict, status }: Pick<RunBody, "verdict" | "status">): number => {
  if (verdict === "PASS") return exitCodes.pass
  if (verdict === "INCONCLUSIVE") return exitCodes.inconclusive
  return status === "cancelled" ? exitCodes.cancelled : exitCodes.fail
}

/** A failure outweighs what could not be judged, and stopping outweighs both: the rest was never run. */
export const graver = (a: number, b: number): number => {
  const order: number[] = [exitCodes.pass, exitCodes.inconclusive, exitCodes.fail, exitCodes.cancelled]
  return order.indexOf(b) > order.indexOf(a) ? b : a
}

export const verdictOf = (code: number): string => {
  if (code === exitCodes.pass) return "PASS"
  if (code === exitCodes.inconclusive) return "INCONCLUSIVE"
  return code === exitCodes.cancelled ? "CANCELLED" : "FAIL"
}
