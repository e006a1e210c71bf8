import type { Look } from "../shared/look.ts"

/** To the second, since what happened in an incident is told apart by it: "22 Nov 2026, 20:43:07". The zone is said once beside it. */
export const instant = (at: number, { timeZone }: Look) =>
  new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZone,
  }).format(at)
