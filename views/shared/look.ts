export type Look = { currency: string; timeZone: string }

export const money = (cents: number, { currency }: Look) =>
  new Intl.NumberFormat("en", { style: "currency", currency }).format(cents / 100)

/** "Sat, 20 Feb 2027, 19:00 GMT+1". */
export const moment = (at: number, { timeZone }: Look) =>
  new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
    timeZoneName: "short",
  }).format(at)

/** "19:04:30 GMT+1": not every fan lives where the shop is. */
export const clockTime = (at: number, { timeZone }: Look) =>
  new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZone,
    timeZoneName: "short",
  }).format(at)

export const priceRange = (min: number, max: number, look: Look) =>
  min === max ? money(min, look) : `${money(min, look)} to ${money(max, look)}`
