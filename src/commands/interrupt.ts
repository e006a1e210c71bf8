import { exitCodes } from "../exit.ts"

/** Calls `stop` when somebody presses Ctrl-C or a supervisor ends the program. @returns what takes that back */
export const onInterrupt = (stop: () => void): (() => void) => {
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  return () => {
    process.off("SIGINT", stop)
    process.off("SIGTERM", stop)
  }
}

export const untilStopped = () =>
  new Promise<void>((resolve) => {
    let isAsked = false
    onInterrupt(() => {
      if (isAsked) process.exit(exitCodes.interrupted)
      isAsked = true
      resolve()
    })
  })
