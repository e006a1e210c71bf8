/** Breaks at spaces into lines of at most so many characters; a longer word has a line of its own. */
export const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** What fits of the parts, in their order, between separators; the first is cut if it must be. */
export const fitting = (parts: string[], width: number, separator = " · "): string => {
  const [first = "", ...more] = parts
  let line = first.slice(0, width)
  for (const part of more) {
    if (line.length + separator.length + part.length > width) break
    line += separator + part
  }
  return line
}

export const usualWidth = 80
