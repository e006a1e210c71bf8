import { type Millis, seconds } from "../../units.ts"

/** What goes between the process that was started and its workers. */
export type FromWorker = { ask: "metrics"; id: number } | { tell: "metrics"; id: number; metrics: unknown }
export type ToWorker = { ask: "metrics"; id: number } | { answer: number; text: string }

export const openQuestions = <T>(within: Millis = seconds(1)) => {
  const open = new Map<number, (answer: T) => void>()
  let lastId = 0
  return {
    ask: (send: (id: number) => void) =>
      new Promise<T | undefined>((resolve) => {
        const id = ++lastId
        const end = (answer: T | undefined) => {
          clearTimeout(late)
          open.delete(id)
          resolve(answer)
        }
        const late = setTimeout(() => end(undefined), within)
        open.set(id, end)
        send(id)
      }),
    answer: (id: number, answer: T) => open.get(id)?.(answer),
  }
}
