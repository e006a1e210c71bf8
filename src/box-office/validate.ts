import { Fault } from "../fault.ts"

/** @throws Fault invalid_input that names the field: from `min` to `max`, no fraction. */
export const parseWhole = (value: unknown, name: string, min: number, max: number): number => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new Fault("invalid_input", `${name} must be a whole number from ${min} to ${max}`, { facts: { field: name } })
}

/** @throws Fault invalid_input that names the field: text of `min` to `max` characters without control characters, trimmed. */
export const parseLine = (value: unknown, name: string, min: number, max: number): string => {
  const text = typeof value === "string" ? value.trim() : ""
  // oxlint-disable-next-line no-control-regex
  if (typeof value === "string" && text.length >= min && text.length <= max && !/[\u0000-\u001f\u007f]/.test(text))
    return text
  throw new Fault("invalid_input", `${name} must be one line of ${min} to ${max} characters`, {
    facts: { field: name },
  })
}
