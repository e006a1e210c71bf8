/** Breaks only at spaces, so a word longer than `width` gets a line of its own. */
export const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Drops the parts that do not fit from the end, and cuts the first if it must. */
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
