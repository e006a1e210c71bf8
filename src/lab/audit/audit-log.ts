import { Fault } from "../../fault.ts"
import { epochMs, lookupTime, rfc3339 } from "../../units.ts"
import type { ServerTruth } from "../model/truth.ts"

/**
 * What the stores say of one sale as lines of JSON: first the plain members, then `{ in, row }` for each row of each list,
 * last `{ end, rows }`, so that a log that was cut off shows. Members that end in `_at` are times, lengths are ms.
 */
export const auditLogLines = function* (truth: ServerTruth): Generator<string> {
  const members = Object.entries(truth) as [string, unknown][]
  const lists = members.filter((each): each is [string, unknown[]] => Array.isArray(each[1]))
  const plain = Object.fromEntries(members.filter(([, value]) => !Array.isArray(value)))
  yield JSON.stringify({ audit_log: 1, lists: lists.map(([name]) => snakeOf(name)), ...onTheWire(plain) })
  let rows = 0
  for (const [name, list] of lists)
    for (const row of list) {
      rows++
      yield JSON.stringify({ in: snakeOf(name), row: onTheWire(row as Members) })
    }
  yield JSON.stringify({ end: true, rows })
}

/** @throws Fault overloaded when the log is cut off or holds more rows than one audit reads. */
export const parseAuditLog = async (lines: AsyncIterable<string>): Promise<ServerTruth> => {
  let plain: Members = {}
  const lists = new Map<string, unknown[]>()
  let rows = 0
  let isWhole = false
  for await (const line of lines) {
    const said = JSON.parse(line) as Members
    if (said["audit_log"] === 1) {
      const { audit_log: _, lists: names, ...rest } = said
      for (const name of names as string[]) lists.set(name, [])
      plain = fromTheWire(rest)
    } else if (said["end"] === true) isWhole = said["rows"] === rows
    else {
      if (++rows > rowsMost)
        throw new Fault("overloaded", `The sale has more than ${rowsMost} rows; merge reads no more`)
      lists.get(said["in"] as string)?.push(fromTheWire(said["row"] as Members))
    }
  }
  if (!isWhole) throw new Fault("overloaded", "The audit log of the sale was cut off on its way")
  const listed = [...lists].map(([name, list]) => [camelOf(name), list])
  return { ...plain, ...Object.fromEntries(listed) } as ServerTruth
}

type Members = Record<string, unknown>
const isTime = /(At|Until|_at|_until)$/

const onTheWire = (record: Members): Members =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      snakeOf(name),
      isRecord(value)
        ? onTheWire(value)
        : isTime.test(name) && typeof value === "number"
          ? rfc3339(epochMs(value))
          : value,
    ]),
  )

const fromTheWire = (record: Members): Members =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      camelOf(name),
      isRecord(value) ? fromTheWire(value) : isTime.test(name) && typeof value === "string" ? lookupTime(value) : value,
    ]),
  )

const isRecord = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const remembered = (change: (name: string) => string) => {
  const known = new Map<string, string>()
  return (name: string) => {
    const found = known.get(name) ?? change(name)
    if (known.size < namesMost) known.set(name, found)
    return found
  }
}
const namesMost = 1000
const snakeOf = remembered((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
const camelOf = remembered((name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))

const rowsMost = 10_000_000

/** @throws Fault overloaded for a line over 1 MB. */
export const linesOf = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    if (rest.length > lineMost) throw new Fault("overloaded", "A line of the audit log is longer than 1 MB")
    yield* lines
  }
  if (rest !== "") yield rest
}

const lineMost = 1_000_000
