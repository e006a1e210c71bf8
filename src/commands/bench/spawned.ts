import { environment } from "../../config.ts"
import { thisProgram } from "../../programs.ts"
import { seconds } from "../../units.ts"

export type Spawned = { pid: number; url: string; stop(): Promise<void> }

/** Starts this program again. @throws Error when it ends before it says where it serves */
export const spawnSelf = async (
  args: string[],
  { env = {}, input = "" }: { env?: Record<string, string>; input?: string },
): Promise<Spawned> => {
  const child = Bun.spawn([...thisProgram(), ...args], {
    env: { PATH: environment().PATH ?? "", ...env },
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "inherit",
  })
  return {
    pid: child.pid,
    url: await servesAt(child.stdout),
    stop: async () => {
      child.kill("SIGTERM")
      await Promise.race([child.exited, Bun.sleep(stopMax)])
      child.kill("SIGKILL")
    },
  }
}

const stopMax = seconds(20)

const servesAt = async (stream: ReadableStream<Uint8Array>) => {
  let text = ""
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk)
    const [url] = /http:\/\/[\w.:-]+/.exec(text) ?? []
    if (url) return url
  }
  throw new Error(`a server ended before it served: ${text}`)
}
