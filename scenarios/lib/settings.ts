/** What the lab hands to the script in TRAFFIC_CFG. Times in ms. */
export type Settings = {
  base_url: string
  sale_id: string
  /** A second sale that is open, where the scenario needs one; empty otherwise. */
  other_sale_id: string
  /** A JSON file with one `{ user_id, token }` for each person. */
  fans_file: string
  people: number
  ramp_ms: number
  steady_ms: number
  down_ms: number
  seed: number
  /** True when fewer people fit into the waiting room than come. */
  room_too_small: boolean
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

export const settings: Settings = __ENV["TRAFFIC_CFG"] ? (JSON.parse(__ENV["TRAFFIC_CFG"]) as Settings) : inspected

export const testLength = settings.ramp_ms + settings.steady_ms + settings.down_ms
