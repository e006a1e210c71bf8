import type { SaleId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import { isFinal, type Run } from "../../../lab/model/run.ts"
import type { FiguresProps } from "../../../../views/lab/figures.tsx"
import { figuresView, serverView } from "./side-views.ts"
import { openK6Watch } from "../../api/demo/k6-watch.ts"
import type { Parts } from "../../core/parts.ts"

const saleKeptMs = 5000
const waitingMax = 3

export type FormState = "open" | "folded" | "none"
/** Whose turn it is, with a mark that changes when any of it does. */
export type RunsAhead = { active?: Run; waiting: Run[]; mark: string }

/** What every page of the lab shows beside its own: live figures, the queue of runs, whether k6 is there. */
export const openLabSide = (parts: Parts, lab: Lab) => {
  const { clock, demo } = parts
  const k6 = openK6Watch(lab, clock)
  let current: { saleId: SaleId; until: number } | undefined
  /** The sale in view when no run is: asked for at most every five seconds. */
  const currentSale = async (): Promise<SaleId> => {
    if (current === undefined || clock() > current.until)
      current = { saleId: await demo.current(), until: clock() + saleKeptMs }
    return current.saleId
  }

  return {
    k6Missing: async (): Promise<string | undefined> => {
      const found = await k6.find()
      return "missing" in found ? found.missing : undefined
    },
    forgetSale: () => (current = undefined),
    ahead: async (): Promise<RunsAhead> => {
      const queued = await lab.list(waitingMax, { state: "queued" })
      const active = lab.active()
      const waiting = queued
        .filter((each) => each.state === "queued")
        .sort((a, b) => a.createdAt - b.createdAt || (a.runId < b.runId ? -1 : 1))
      const mark = Bun.hash(
        [active, ...waiting].map((each) => `${each?.runId ?? ""} ${each?.state ?? ""}`).join(),
      ).toString(36)
      return { ...(active === undefined ? {} : { active: { ...active } }), waiting, mark }
    },
    figures: async (shown: Run | undefined, form: FormState, mark = ""): Promise<FiguresProps> => {
      const active = lab.active()
      const run = active ?? shown
      const running = run !== undefined && !isFinal(run.state)
      const saleId = run?.saleId ?? (await currentSale())
      const asked = new URLSearchParams(form === "none" ? {} : { form, queue: mark })
      if (shown !== undefined) asked.set("run", shown.runId)
      return {
        figures: figuresView(parts, saleId),
        point: running ? run.live.at(-1) : undefined,
        server: serverView(parts, await k6.find()),
        poll: `/lab/figures${asked.size === 0 ? "" : `?${asked}`}`,
        running,
        watch: active !== undefined && active.runId !== shown?.runId ? `/lab/runs/${active.runId}` : undefined,
      }
    },
  }
}

export type LabSide = ReturnType<typeof openLabSide>
