export type Json = undefined | null | boolean | number | string | Json[] | { [name: string]: Json }
type Node = { [name: string]: Json }

/**
 * A schema as JSON Schema. The framework reads a number from a text too and says so in the schema of every number; on the wire it is
 * a number. Words to choose from become an enum, and what may be null gets that as a second type.
 */
export const jsonSchema = (schema: object): Json => plain(JSON.parse(JSON.stringify(schema)) as Json)

const plain = (node: Json): Json => {
  if (Array.isArray(node)) return node.map(plain)
  if (!isNode(node)) return node
  const { $id: _id, nullable: _nullable, anyOf, ...rest } = node
  const merged = Array.isArray(anyOf) ? { ...rest, ...ofChoices(anyOf.filter(isNode)) } : rest
  return Object.fromEntries(Object.entries(integral(merged)).map(([name, value]) => [name, plain(value)]))
}

const isNode = (node: Json): node is Node => node !== null && typeof node === "object" && !Array.isArray(node)

const ofChoices = (choices: Node[]): Node => {
  const numbers = choices.filter((each) => !isNumberAsText(each))
  if (numbers.length < choices.length) return numbers[0] ?? {}
  if (choices.every((each) => "const" in each)) return { type: "string", enum: choices.map((each) => each["const"]) }
  const [only, ...others] = choices.filter((each) => each["type"] !== "null")
  if (only === undefined || others.length > 0) return { anyOf: choices }
  const { anyOf, ...known } = only
  const inner: Node = Array.isArray(anyOf) ? { ...known, ...ofChoices(anyOf.filter(isNode)) } : only
  const words = inner["enum"]
  return { ...inner, type: [inner["type"], "null"], ...(Array.isArray(words) ? { enum: [...words, null] } : {}) }
}

const isNumberAsText = ({ type, format }: Node) => type === "string" && (format === "numeric" || format === "integer")

const integral = (node: Node): Node => {
  if (node["type"] !== "number" || node["multipleOf"] !== 1) return node
  const { multipleOf: _, ...rest } = node
  return { ...rest, type: "integer" }
}
