declare const unit: unique symbol
type Unit<T, Name extends string> = T & { readonly [unit]: Name }

export type Millis = Unit<number, "Millis">
/** A point in time, milliseconds since 1970 in UTC. */
export type EpochMs = Unit<number, "EpochMs">
export type Cents = Unit<number, "Cents">

export const millis = (n: number) => n as Millis
export const seconds = (n: number) => (n * 1000) as Millis
export const minutes = (n: number) => (n * 60_000) as Millis
export const epochMs = (n: number) => n as EpochMs
export const cents = (n: number) => n as Cents

export const later = (at: EpochMs, by: Millis) => (at + by) as EpochMs
export const between = (from: EpochMs, to: EpochMs) => (to - from) as Millis

/** RFC 3339 in UTC, as every answer writes a point in time. */
export const rfc3339 = (at: EpochMs) => new Date(at).toISOString()

/** Of RFC 3339, or a day alone. @throws nothing: text that is no time gives undefined. */
export const lookupTime = (text: string): EpochMs | undefined => {
  const at = Date.parse(text)
  return Number.isNaN(at) || !isDay(text.slice(0, 10)) ? undefined : (at as EpochMs)
}

/** Date.parse takes 30 February for 2 March. */
const isDay = (text: string) => {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}
