export const openTail = () => {
  const lines: string[] = []
  const add = (line: string) => {
    if (line.trim() === "") return
    lines.push(line.slice(0, longestLine))
    if (lines.length > kept) lines.shift()
  }
  const follow = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    let rest = ""
    try {
      for await (const chunk of stream) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n")
        rest = (parts.pop() ?? "").slice(0, longestLine)
        parts.forEach(add)
      }
    } catch {
      // The process has ended.
    }
    add(rest)
  }
  return { add, lines: () => [...lines], follow: (stream: ReadableStream<Uint8Array>) => void follow(stream) }
}

const kept = 12
const longestLine = 400
