/** Embedded stores cannot run here. The message is one sentence for the person at the shell; the command ends with `exitCode`. */
export class ApplianceError extends Error {
  /** 64: another data directory is needed. 69: a program or a store is missing. */
  readonly exitCode: 64 | 69

  constructor(exitCode: 64 | 69, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = "ApplianceError"
    this.exitCode = exitCode
  }
}
