import type { Share } from "./share.ts"

export type Fan = { user_id: string; token: string }

/** What the lab hands to the script in TRAFFIC_CFG. Times in ms. */
export type Settings = {
  base_url: string
  sale_id: string
  other_sale_id: string
  fans_file: string
  people: number
  ramp_ms: number
  steady_ms: number
  down_ms: number
  seed: number
  /** True when fewer people fit into the waiting room than come. */
  room_too_small: boolean
  /** A second sale of the same event, open when the first has had its time; the times are those of one sale. */
  second_sale_id?: string
  role?: string
  restart_after_ms?: number
  /** Where the rate of the next step is told, while the capacity is looked for. */
  desk_url?: string
  /** Present where this machine plays only some of the people; `people` is everybody all the same. */
  share?: Share
  /** When everybody starts, in ms since 1970 on this machine's clock, where several machines start together. */
  starts_at?: number
}

/** `k6 inspect` and a look at the script alone run without settings. */
const inspected: Settings = {
  base_url: "http://127.0.0.1:8080",
  sale_id: "",
  other_sale_id: "",
  fans_file: "",
  people: 1,
  ramp_ms: 1000,
  steady_ms: 1000,
  down_ms: 1000,
  seed: 1,
  room_too_small: false,
}

declare const __ENV: Record<string, string | undefined>

export const settings: Settings = __ENV["TRAFFIC_CFG"] ? (JSON.parse(__ENV["TRAFFIC_CFG"]) as Settings) : inspected

export const testLength = settings.ramp_ms + settings.steady_ms + settings.down_ms
