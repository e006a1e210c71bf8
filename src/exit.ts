declare const code: unique symbol
/** A number that has a name below; a bare one is a type error. */
export type ExitCode = number & { readonly [code]: true }

export const exitCodes = {
  pass: 0 as ExitCode,
  fail: 1 as ExitCode,
  inconclusive: 2 as ExitCode,
  /** A wrong flag or setting; EX_USAGE of sysexits.h. */
  usage: 64 as ExitCode,
  /** A needed program or store is missing; EX_UNAVAILABLE. */
  missing: 69 as ExitCode,
  interrupted: 130 as ExitCode,
} as const

/** A command cannot do what it was asked for. Each reason is a sentence that names the flag and the fix; program.ts prints them. */
export class Refusal extends Error {
  readonly exit: "usage" | "missing" | "fail"
  readonly reasons: string[]

  constructor(exit: Refusal["exit"], reasons: string | string[], options?: ErrorOptions) {
    super([reasons].flat().join("\n"), options)
    this.name = "Refusal"
    this.exit = exit
    this.reasons = [reasons].flat()
  }

  get exitCode(): ExitCode {
    return exitCodes[this.exit]
  }
}

export const exitCodeOf = ({ verdict, status }: { verdict?: string | null; status: string }): ExitCode => {
  if (verdict === "PASS") return exitCodes.pass
  if (verdict === "INCONCLUSIVE") return exitCodes.inconclusive
  return status === "cancelled" ? exitCodes.interrupted : exitCodes.fail
}

/** A failure outweighs what could not be judged, and stopping outweighs both: the rest was never run. */
export const graver = (a: ExitCode, b: ExitCode): ExitCode => {
  const order = [exitCodes.pass, exitCodes.inconclusive, exitCodes.fail, exitCodes.interrupted]
  return order.indexOf(b) > order.indexOf(a) ? b : a
}

/** The verdict on several runs whose gravest exit code this is. */
export const verdictOf = (code: ExitCode): string => {
  if (code === exitCodes.pass) return "PASS"
  if (code === exitCodes.inconclusive) return "INCONCLUSIVE"
  return code === exitCodes.interrupted ? "CANCELLED" : "FAIL"
}
