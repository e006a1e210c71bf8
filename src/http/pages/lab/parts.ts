import { NoticePage } from "../../../../views/shared/notice-page.tsx"
import type { PresetView } from "../../../../views/lab/presets.tsx"
import { isFault } from "../../../fault.ts"
import type { RunId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import type { Run } from "../../../lab/model/run.ts"
import { addresses } from "../../core/assets.ts"
import { requireDemo } from "../../core/credentials.ts"
import { readForm } from "../../core/form.ts"
import { noticeOf, orPage, page } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { rowOf, type Address } from "../row.ts"
import { presetViews } from "./form-views.ts"
import { openLabSide, type LabSide } from "./side.ts"

export type LabParts = Parts & {
  lab: Lab
  side: LabSide
  keyNeeded: boolean
  presets: PresetView[]
}

export const openLabParts = (parts: Parts, lab: Lab): LabParts => ({
  ...parts,
  lab,
  side: openLabSide(parts, lab),
  keyNeeded: parts.config.demoKey !== undefined,
  presets: presetViews(lab),
})

type Answer = (parts: LabParts, asked: PageAsked) => Response | Promise<Response>

/** A page whose refusals are pages. Everybody may look; a form needs the demo key, where one is set. */
export const labPage = (parts: LabParts, address: Address, answer: Answer): PageRoute =>
  rowOf(address, address.startsWith("POST ") ? "demo" : "anybody", "none", (asked) =>
    orPage(
      async () => answer(parts, asked),
      (fault) =>
        page(NoticePage({ assets: addresses, ...noticeOf(fault), link: { href: "/lab", label: "Load lab" } }), {
          status: fault.status,
        }),
    ),
  )

/** A part of a page that is open: refusals are problem documents. */
export const labPart = (parts: LabParts, address: Address, answer: Answer): PageRoute =>
  rowOf(address, "anybody", "none", (asked) => answer(parts, asked))

/** As it is at this moment: a run goes on while a page is made of it. @throws Fault run_not_found */
export const findRun = async ({ lab }: LabParts, id: string): Promise<Run> => ({
  ...(await lab.find(id.slice(0, 64) as RunId)),
})

export const runOf = (parts: LabParts, { params }: PageAsked) => findRun(parts, params["run_id"] ?? "")

export const lookupRun = (parts: LabParts, id: string): Promise<Run | undefined> =>
  findRun(parts, id).catch((error: unknown) => {
    if (isFault(error, "run_not_found")) return undefined
    throw error
  })

/** The fields of a form that may change something. @throws Fault forbidden */
export const allowedForm = async ({ config }: LabParts, request: Request) => {
  const fields = await readForm(request)
  requireDemo(config, fields["demo_key"] ?? request.headers.get("x-demo-key"))
  return fields
}
