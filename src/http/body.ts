import { Fault } from "../fault.ts"

export const bodyBytesMax = 64 * 1024

/**
 * The request's JSON, or undefined when there is no body.
 * @throws Fault body_too_large, unsupported_media_type, malformed_json
 */
export const readJson = async (request: Request): Promise<unknown> => {
  const declared = request.headers.get("content-length")
  if (declared !== null && Number(declared) > bodyBytesMax) throw tooLarge()
  if (declared === "0" || request.body === null) return undefined
  const text = new TextDecoder().decode(await bounded(request.body))
  if (text === "") return undefined
  const type = request.headers.get("content-type") ?? ""
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type))
    throw new Fault("unsupported_media_type", `Content-Type is "${type.slice(0, 80)}"; send application/json`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault("malformed_json", "The body could not be read as JSON", { cause })
  }
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
