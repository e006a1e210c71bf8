import { Fault } from "../../fault.ts"

export const bodyBytesMax = 64 * 1024

/**
 * The request's JSON, or undefined when there is no body.
 * @throws Fault body_too_large, unsupported_media_type, malformed_json
 */
export const readJson = async (request: Request): Promise<unknown> => {
  const declared = request.headers.get("content-length")
  if (declared !== null && Number(declared) > bodyBytesMax) throw tooLarge()
  if (declared === "0" || request.body === null) return undefined
  const bytes = await bounded(request.body)
  if (bytes.length === 0) return undefined
  const type = request.headers.get("content-type") ?? ""
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type))
    throw new Fault("unsupported_media_type", `Content-Type is "${type.slice(0, 80)}"; send application/json`)
  const value = parsed(bytes)
  refuseOdd(value)
  return value
}

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Fault("malformed_json", "The body could not be read as JSON in UTF-8", { cause })
  }
}

const levelsMax = 16

/** Depth that would exhaust a stack further on, and characters that no store keeps as they are: NUL, half of a surrogate pair. */
const refuseOdd = (value: unknown) => {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levelsMax) throw new Fault("malformed_json", `The body is nested deeper than ${levelsMax} levels`)
    const below: unknown[] = []
    for (const each of level) {
      if (typeof each === "string") refuseOddText(each)
      else if (Array.isArray(each)) for (const item of each) below.push(item)
      else if (typeof each === "object" && each !== null)
        for (const [name, member] of Object.entries(each)) {
          refuseOddText(name)
          below.push(member)
        }
    }
    level = below
  }
}

const refuseOddText = (text: string) => {
  if (text.includes("\0") || !text.isWellFormed())
    throw new Fault("invalid_input", "A text in the body contains NUL or half of a surrogate pair")
}

/** A body without a declared length is read no further than the limit. */
const bounded = async (body: ReadableStream<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > bodyBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

const tooLarge = () => new Fault("body_too_large", `Send at most ${bodyBytesMax} bytes`)
