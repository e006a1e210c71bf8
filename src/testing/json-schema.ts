import fc from "fast-check"

/** As much of JSON Schema as /openapi.json uses. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  patternProperties?: Record<string, Schema>
  items?: Schema
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  uniqueItems?: boolean
  minProperties?: number
  description?: string
}
const known = new Set([
  "$ref",
  "type",
  "const",
  "enum",
  "anyOf",
  "allOf",
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "items",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "uniqueItems",
  "minProperties",
  "description",
])

/** What in `value` breaks `schema`, with where. A word of the schema that is not judged here breaks it too. */
export const breaks = (
  schema: Schema,
  value: unknown,
  lookup: (ref: string) => Schema | undefined,
  at = "",
): string[] => {
  const odd = Object.keys(schema).filter((each) => !known.has(each))
  if (odd.length > 0) return [`${at}: the schema says ${odd}, which is not judged`]
  if (schema.$ref !== undefined) {
    const found = lookup(schema.$ref)
    return found ? breaks(found, value, lookup, at) : [`${at}: ${schema.$ref} leads nowhere`]
  }
  const found: string[] = []
  const expect = (holds: boolean, what: string) =>
    void (holds || found.push(`${at || "/"}: ${JSON.stringify(value)?.slice(0, 80)} is not ${what}`))
  const types = schema.type === undefined ? undefined : [schema.type].flat()
  if (types)
    expect(
      types.some((type) => isOf(type, value)),
      types.join(" or "),
    )
  if ("const" in schema) expect(value === schema.const, JSON.stringify(schema.const))
  if (schema.enum) expect(schema.enum.includes(value), `one of ${schema.enum}`)
  if (schema.anyOf)
    expect(
      schema.anyOf.some((each) => breaks(each, value, lookup, at).length === 0),
      "any of what is listed",
    )
  for (const each of schema.allOf ?? []) found.push(...breaks(each, value, lookup, at))
  if (typeof value === "number") {
    expect(
      value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity),
      `within ${schema.minimum} and ${schema.maximum}`,
    )
  }
  if (typeof value === "string") {
    expect(value.length >= (schema.minLength ?? 0) && value.length <= (schema.maxLength ?? Infinity), "of that length")
    if (schema.pattern) expect(new RegExp(schema.pattern).test(value), schema.pattern)
    if (schema.format === "date-time")
      expect(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value)), "a time")
  }
  if (Array.isArray(value)) {
    expect(
      value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity),
      "of that many items",
    )
    if (schema.items)
      value.forEach((each, index) => found.push(...breaks(schema.items!, each, lookup, `${at}/${index}`)))
  } else if (typeof value === "object" && value !== null) {
    for (const name of schema.required ?? []) expect(Object.hasOwn(value, name), `with ${name}`)
    for (const [name, member] of Object.entries(value)) {
      const matching = Object.entries(schema.patternProperties ?? {}).find(([pattern]) =>
        new RegExp(pattern).test(name),
      )?.[1]
      const own = schema.properties?.[name] ?? matching
      if (own) found.push(...breaks(own, member, lookup, `${at}/${name}`))
      else if (
        schema.additionalProperties === false ||
        (schema.properties && schema.additionalProperties === undefined)
      )
        found.push(`${at}/${name}: is in no schema`)
    }
  }
  return found
}

const isOf = (type: string, value: unknown) =>
  type === "null"
    ? value === null
    : type === "array"
      ? Array.isArray(value)
      : type === "integer"
        ? Number.isInteger(value)
        : type === "object"
          ? typeof value === "object" && value !== null && !Array.isArray(value)
          : typeof value === type

/** Values that fit. `own` answers for members that have to mean something, such as the id of a real sale. */
export const fitting = (
  schema: Schema,
  own: (name: string) => fc.Arbitrary<unknown> | undefined,
  name = "",
): fc.Arbitrary<unknown> => {
  const given = own(name)
  if (given) return given
  if ("const" in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => fitting(each, own)))
  switch ([schema.type].flat()[0]) {
    case "integer":
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) })
    case "number":
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1e6, noNaN: true })
    case "boolean":
      return fc.boolean()
    case "array":
      return fc.array(fitting(schema.items ?? {}, own, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      })
    case "object": {
      const required = schema.required ?? []
      const members = Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([member, each]) => [member, fitting(each, own, member)]),
      )
      return fc.record(members, { requiredKeys: required })
    }
    default:
      if (schema.format === "date-time")
        return fc
          .date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true })
          .map((each) => each.toISOString())
      return fc.string({
        unit: "grapheme",
        minLength: schema.minLength ?? 0,
        maxLength: Math.min(schema.maxLength ?? 40, 40),
      })
  }
}

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "2",
    -1,
    0,
    1.5,
    1e21,
    2 ** 53,
    [],
    {},
    [[]],
    "\u0000",
    "a\u0000b",
    "\ud800",
    "' or 1=1 --",
    "\u202e",
    "9".repeat(400),
    "2027-02-30T25:61:00Z",
    "../../etc/passwd",
    { $gt: "" },
    { length: 1e9 },
  ),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values near a schema that it seldom takes: a member lost, replaced or added, or something else altogether. */
export const misfit = (
  schema: Schema,
  own: (name: string) => fc.Arbitrary<unknown> | undefined,
): fc.Arbitrary<unknown> => {
  const names = Object.keys(schema.properties ?? {})
  const near = fc
    .tuple(fitting(schema, own), fc.constantFrom(...names, "extra", "constructor"), junk, fc.boolean())
    .map(([value, name, odd, lose]) => {
      const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) }
      if (lose) delete copy[name]
      else copy[name] = odd
      return copy
    })
  return fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: junk })
}
