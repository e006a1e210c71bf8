import type { Parts } from "../../core/parts.ts"
import { configRoutes } from "./config.ts"
import { dashboardRoutes } from "./dashboard.ts"
import { fanRoutes } from "./fans.ts"
import { reportRoutes } from "./reports.ts"
import { resetRoutes } from "./reset.ts"
import { runRoutes } from "./runs.ts"

type Used = Parameters<typeof configRoutes>[0] & Parameters<typeof dashboardRoutes>[0] & Pick<Parts, "lab">

/** Trying things out: fresh sales, fans by the thousand, the load lab. Only in demo mode, or behind a demo key. */
export const demoRoutes = (parts: Used) =>
  parts.lab === undefined
    ? []
    : [
        ...configRoutes(parts, parts.lab),
        ...resetRoutes(parts),
        ...fanRoutes(parts),
        ...runRoutes(parts.lab),
        ...reportRoutes(parts, parts.lab),
        ...dashboardRoutes(parts, parts.lab),
      ]
