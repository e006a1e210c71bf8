import type { Shape } from "./catalog.ts"

export type Preset = {
  name: string
  says: string
  scenario: string
  settings: Partial<Shape>
}

/** One catalogue for the command line and the lab, from a minute's look to half an hour. */
export const presets: Preset[] = [
  {
    name: "quick-20",
    says: "Twenty people on a calm day, half a minute: is everything in its place?",
    scenario: "baseline",
    settings: { vus_max: 20, ramp_up: "5s", steady: "15s", ramp_down: "2s", total_seats: 100 },
  },
  {
    name: "smoke",
    says: "The smallest rush that can be judged, half a minute.",
    scenario: "launch_spike",
    settings: { vus_max: 240, ramp_up: "3s", steady: "15s", ramp_down: "2s", total_seats: 200 },
  },
  {
    name: "smoke-1k",
    says: "A thousand people at the door, a minute.",
    scenario: "launch_spike",
    settings: { vus_max: 1000, ramp_up: "10s", steady: "40s", ramp_down: "5s", total_seats: 1000 },
  },
  {
    name: "launch",
    says: "The launch of 500 people with the usual settings: 500 seats, 6000 admissions a minute.",
    scenario: "launch_spike",
    settings: {
      vus_max: 500,
      ramp_up: "10s",
      steady: "30s",
      ramp_down: "10s",
      admit_per_minute: 6000,
      total_seats: 500,
    },
  },
  {
    name: "storm",
    says: "Five hundred people who press refresh without end while few are let in.",
    scenario: "refresh_storm",
    settings: { vus_max: 500, ramp_up: "10s", steady: "60s", ramp_down: "5s", admit_per_minute: 300 },
  },
  {
    name: "fairness",
    says: "Patient and impatient people in one queue: does anybody overtake?",
    scenario: "queue_fairness",
    settings: { vus_max: 400, ramp_up: "10s", steady: "40s", ramp_down: "5s", admit_per_minute: 600 },
  },
  {
    name: "second-wave",
    says: "A second and larger crowd arrives while the first still waits.",
    scenario: "late_surge",
    settings: { vus_max: 500, ramp_up: "10s", steady: "60s", ramp_down: "5s", admit_per_minute: 300 },
  },
  {
    name: "break-in",
    says: "Every way past the queue, tried while people shop.",
    scenario: "backdoor_race",
    settings: { vus_max: 300, ramp_up: "10s", steady: "30s", ramp_down: "5s", admit_per_minute: 600 },
  },
  {
    name: "bots",
    says: "Scripts against people for scarce seats.",
    scenario: "bot_checkout",
    settings: { vus_max: 500, ramp_up: "10s", steady: "40s", ramp_down: "5s", total_seats: 400 },
  },
  {
    name: "spike-500",
    says: "From nobody to 500 people in one minute, and then gone.",
    scenario: "spike",
    settings: { vus_max: 500, ramp_up: "1m", steady: "30s", ramp_down: "10s" },
  },
  {
    name: "friday",
    says: "An ordinary evening: most read, some follow their place, few buy.",
    scenario: "mixed_workload",
    settings: { vus_max: 500, ramp_up: "20s", steady: "1m", ramp_down: "5s" },
  },
  {
    name: "checkout",
    says: "Three hundred people who need not wait: does everybody who means to buy get there?",
    scenario: "checkout_flow",
    settings: { vus_max: 300, ramp_up: "10s", steady: "40s", ramp_down: "5s", total_seats: 1000 },
  },
  {
    name: "worldwide",
    says: "Five hundred people in five regions, from 5 to 120 ms away: is anybody worse off than by the way?",
    scenario: "regions",
    settings: { vus_max: 500, ramp_up: "10s", steady: "40s", ramp_down: "5s" },
  },
  {
    name: "scalpers",
    says: "A network of accounts beside the public: do caps hold, and is nobody blocked who should not be?",
    scenario: "scalper_network",
    settings: { vus_max: 500, ramp_up: "10s", steady: "40s", ramp_down: "5s", total_seats: 400 },
  },
  {
    name: "second-sale",
    says: "Two sales of one event in a row, each half of the time: is anything of the first left in the second?",
    scenario: "second_sale_regression",
    settings: { vus_max: 400, ramp_up: "10s", steady: "60s", ramp_down: "10s" },
  },
  {
    name: "capacity",
    says: "How many requests a second does this machine bear, and what gives way first?",
    scenario: "capacity",
    settings: { vus_max: 1000, ramp_up: "5s", steady: "50s", ramp_down: "1s" },
  },
  {
    name: "soak-30m",
    says: "Half an hour at one pace: do memory or connections grow?",
    scenario: "soak",
    settings: { vus_max: 1800, ramp_up: "1m", steady: "30m", ramp_down: "30s", total_seats: 5000 },
  },
]

export const lookupPreset = (name: string): Preset | undefined => presets.find((each) => each.name === name)
