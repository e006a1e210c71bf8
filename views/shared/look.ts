import { whole } from "./words.ts"

/** How this shop writes money and time. */
export type Look = { currency: string; timeZone: string }

export type FanAssets = { style: string; script: string; waiting: string; icon: string }

/** 6500 is "€65.00". */
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

/** waiting.js says these two in the same words. */
export const waitText = (p50Ms: number, p90Ms: number) => {
  if (p90Ms < 60_000) return "less than a minute"
  const [unitMs, unit] = p90Ms < 7_200_000 ? [60_000, "min"] : [3_600_000, "h"]
  const [least, most] = [Math.max(1, Math.round(p50Ms / unitMs)), Math.max(1, Math.ceil(p90Ms / unitMs))]
  return least >= most ? `about ${most} ${unit}` : `about ${least} to ${most} ${unit}`
}
export const aheadText = (ahead: number) => {
  if (ahead === 0) return "You are next"
  return ahead === 1 ? "1 person ahead of you" : `${whole(ahead)} people ahead of you`
}
