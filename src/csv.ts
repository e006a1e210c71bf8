export type Cell = string | number | undefined

/** One row, RFC 4180. Undefined is an empty cell. */
export const csvRow = (cells: Cell[]): string => `${cells.map(cellOf).join(",")}\r\n`

const cellOf = (value: Cell): string => {
  if (value === undefined) return ""
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : ""
  const text = unformulated(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet computes a text that begins like a formula; behind an apostrophe it stays a text. */
const unformulated = (text: string) => (/^(\s*[=+\-@]|[\t\r\n])/.test(text) ? `'${text}` : text)
