import { join } from "node:path"
import { newId, type AccountId } from "../../ids.ts"
import { epochMs } from "../../units.ts"
import { tokenScript } from "./wrk.ts"

export type Crowd = ReturnType<typeof openCrowd>

/** Accounts that exist as tokens alone. No token is handed out twice, so that each meets a server that has not seen it. */
export const openCrowd = ({ folder, sign }: { folder: string; sign: (account: AccountId) => Promise<string> }) => {
  const unused: string[] = []
  let minted = 0
  const more = async (count: number) => {
    while (unused.length < count)
      unused.push(
        ...(await Promise.all(
          Array.from({ length: 500 }, () => sign(newId<AccountId>(epochMs(1_700_000_000_000 + minted++)))),
        )),
      )
  }
  return {
    take: async (count: number): Promise<string[]> => {
      await more(count)
      return unused.splice(0, count)
    },
    script: async (method: "GET" | "POST", count: number) => {
      await more(count)
      return {
        script: await writeScript(folder, method, unused.slice(0, count)),
        used: (used: number) => void unused.splice(0, used),
      }
    },
  }
}

let scripts = 0

export const writeScript = async (folder: string, method: "GET" | "POST", tokens: string[]) => {
  const file = join(folder, `tokens-${scripts}`)
  const path = join(folder, `script-${scripts++}.lua`)
  await Bun.write(file, tokens.join("\n"))
  await Bun.write(path, tokenScript({ file, method }))
  return path
}

/** Joins all, 128 at a time, again when the server says that it is busy. @throws Error at any other refusal */
export const joinAll = async (room: string, tokens: string[]) => {
  let next = 0
  const join = async (token: string): Promise<void> => {
    const answer = await fetch(`${room}/join`, { method: "POST", headers: { authorization: `Bearer ${token}` } })
    const text = await answer.text()
    if (answer.status === 503) return Bun.sleep(50).then(() => join(token))
    if (!answer.ok) throw new Error(`a join was refused: ${text}`)
  }
  const worker = async () => {
    while (next < tokens.length) await join(tokens[next++]!)
  }
  await Promise.all(Array.from({ length: 128 }, worker))
}
