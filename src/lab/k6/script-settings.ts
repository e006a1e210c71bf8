import type { Settings } from "../../../scenarios/lib/settings.ts"
import type { RunSettings } from "../model/settings.ts"

/** What the script of a run has to know; `more` is what only this k6, or this scenario, needs or has otherwise. */
export const scriptSettings = (
  { settings, baseUrl, saleId, otherSaleId = "", fansFile }: Scripted,
  more: Partial<Settings> = {},
): Settings => ({
  base_url: baseUrl,
  sale_id: saleId,
  other_sale_id: otherSaleId,
  fans_file: fansFile,
  people: settings.vusMax,
  ramp_ms: settings.rampUp,
  steady_ms: settings.steady,
  down_ms: settings.rampDown,
  seed: settings.seed,
  room_too_small: settings.waitingRoomCap < settings.vusMax,
  ...more,
})

type Scripted = {
  settings: RunSettings
  baseUrl: string
  saleId: string
  otherSaleId?: string
  fansFile: string
}
