import { expect, test } from "bun:test"
import { comparisonText } from "./text.ts"
import { compareRuns, incomparable } from "./compare.ts"
import type { RunRecord } from "../report/record.ts"

let runs = 0
const run = (metrics: Record<string, number>, changes: Partial<RunRecord> = {}): RunRecord => ({
  name: `run${++runs}.json`,
  runId: `R${runs}`,
  scenario: "launch_spike",
  status: "passed",
  verdict: "PASS",
  settings: { vus_max: 220, steady: "8s", seed: runs },
  metrics,
  trafficVersion: "1.0.0",
  k6Version: "2.2.0",
  createdAt: runs,
  scriptHash: "abc",
  machine: "2 x Processor, 24 GB",
  ...changes,
})

/** p50, p95 and p99 of joins, those of polls, requests per second, stolen CPU and that of others in %: real runs, taken in turns on two cores. */
const recorded = {
  build: [
    [2.364, 24.022, 46.746, 0.474, 2.614, 7.075, 188.915, 1.2, 0],
    [1.994, 9.092, 14.566, 0.445, 2.267, 4.888, 191.126, 0.1, 1],
    [2.273, 14.121, 28.229, 0.529, 5.296, 27.474, 187.041, 1, 30.8],
    [16.985, 1191.008, 1272.603, 0.839, 8.613, 116.408, 166.145, 14.7, 7.4],
    [2.014, 21.23, 171.572, 0.418, 2.135, 4.657, 189.401, 0.1, 11.4],
    [2.053, 74.085, 152.081, 0.45, 2.331, 4.737, 183.236, 0.1, 0.1],
    [2.343, 57.108, 88.184, 0.419, 2.562, 5.797, 190.37, 0.1, 15.5],
  ],
  /** The same build with a join that takes twice as long. */
  slowJoin: [
    [4.084, 14.921, 23.731, 0.484, 2.53, 5.106, 179.734, 1, 0.4],
    [4.164, 73.809, 183.536, 0.5, 2.871, 11.928, 191.949, 0.7, 7.6],
    [5.353, 98.172, 196.531, 0.867, 8.779, 94.263, 193.908, 15.8, 3.6],
    [4.142, 640.284, 826.729, 0.483, 2.603, 7.56, 176.025, 0.2, 4.9],
    [3.201, 18.289, 40.045, 0.386, 1.981, 3.447, 188.271, 0, 0],
    [3.491, 12.622, 35.687, 0.459, 2.718, 8.918, 180.619, 0.8, 0.4],
    [4.439, 37.443, 73.707, 0.53, 5.053, 11.088, 193.412, 0.1, 45.5],
  ],
  /** The same build once more, on two cores on which others want to do ten times as much. */
  crowded: [
    [10.238, 147.703, 165.031, 0.564, 32.005, 71.159, 180.742, 0.1, 59],
    [3.626, 53.824, 100.422, 0.472, 9.931, 23.915, 191.316, 0, 54],
    [28.389, 211.448, 246.905, 0.79, 56.455, 108.148, 180.764, 0.1, 55.5],
    [32.826, 221.57, 571.528, 0.616, 75.676, 140.442, 186.519, 0.2, 60.7],
    [5.334, 41.265, 73.313, 0.688, 73.641, 121.85, 194.847, 1, 55.3],
    [56.834, 181.12, 210.731, 5.539, 103.425, 157.382, 170.612, 0.7, 65.2],
    [49.417, 300.542, 333.209, 1.111, 103.579, 183.53, 175.238, 0.2, 48.7],
    [10.349, 84.332, 161.697, 0.599, 6.69, 56.158, 191.575, 0.3, 51.4],
    [14.349, 195.48, 339.271, 0.404, 4.615, 26.156, 198.247, 0.1, 41.2],
    [37.102, 206.996, 279.071, 0.696, 60.823, 103.988, 172.866, 0.2, 78],
    [119.33, 444.378, 481.347, 3.887, 220.678, 397.796, 157.157, 0, 73.5],
    [53.829, 226.496, 292.788, 6.567, 276.74, 359.325, 179.699, 0.2, 62.1],
    [286.239, 741.472, 788.694, 0.94, 199.614, 294.377, 155.338, 0.1, 60.6],
    [224.909, 711.441, 816.815, 45.017, 255.978, 422.233, 141.701, 0.8, 61],
    [15.576, 106.213, 188.965, 16.417, 164.402, 271.689, 185.575, 0.2, 53.8],
    [4.017, 38.794, 56.555, 0.405, 3.331, 16.163, 194.108, 0.2, 53.8],
  ],
}
const columns = [
  "join_p50_ms",
  "join_p95_ms",
  "join_p99_ms",
  "status_p50_ms",
  "status_p95_ms",
  "status_p99_ms",
  "http_reqs_per_second",
  "steal_pct",
  "other_programs_cpu_pct",
]
const recordedRun = (row: number[]) =>
  run({
    ...Object.fromEntries(columns.map((name, index) => [name, row[index]!])),
    join_count: 220,
    status_count: 1488,
    http_req_failed_rate: 0,
  })
const pairsOf = (rows: number[][]) =>
  rows.flatMap((one, i) =>
    rows.flatMap((other, j) => (i === j ? [] : [[recordedRun(one), recordedRun(other)] as const])),
  )

test("recorded runs: a join twice as slow is found, and named alone", () => {
  const pairs = recorded.build.map((row, index) => [recordedRun(row), recordedRun(recorded.slowJoin[index]!)] as const)
  const comparison = compareRuns(
    pairs.map((each) => each[0]),
    pairs.map((each) => each[1]),
  )
  expect(comparison.outcome).toBe("worse")
  expect(comparison.figures.filter((each) => each.finding !== "no_difference").map((each) => each.label)).toEqual([
    "join p50",
  ])
  expect(comparison.notes).toEqual(["In 4 of 14 runs the machine or the generator was the limit; they are left out."])
})

test("recorded runs of one build: hardly a pair looks different, and on a crowded machine none does", () => {
  for (const [rows, falseAlarms] of [
    [recorded.build, 0.1],
    [recorded.crowded, 0],
  ] as const) {
    const outcomes = pairsOf(rows).map(([a, b]) => compareRuns([a], [b]).outcome)
    expect(outcomes).toHaveLength(rows.length * (rows.length - 1))
    const alarms = outcomes.filter((each) => each === "worse" || each === "better")
    expect(alarms.length / outcomes.length).toBeLessThanOrEqual(falseAlarms)
  }
  const turns = [0, 1].map((side) => recorded.crowded.filter((_, index) => index % 2 === side).map(recordedRun))
  expect(compareRuns(turns[0]!, turns[1]!).outcome).toBe("no_difference")
})

/** Runs with the noise of the recorded ones: some of them hit by neighbours, who show in half of the cases. */
const openWorkshop = (seed: number, hitShare: number) => {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const about = (middle: number, spread: number) => middle * Math.exp(spread * normal())
  return (joinSlower: number) => {
    const hit = uniform() < hitShare ? 3 + 5 * uniform() : 1
    const shows = hit > 1 && uniform() < 0.5
    const join95 = about(25, 0.85) * hit * joinSlower
    const status95 = about(2.7, 0.35) * hit
    return run({
      join_p50_ms: about(2.1, 0.1) * (shows ? hit : 1) * joinSlower,
      join_p95_ms: join95,
      join_p99_ms: join95 * (1.4 + about(1, 0.5)),
      join_count: 220,
      status_p50_ms: about(0.46, 0.1) * (shows ? 1.9 : 1),
      status_p95_ms: status95,
      status_p99_ms: status95 * (1 + about(1, 0.5)),
      status_count: 1488,
      http_req_failed_rate: 0,
      http_reqs_per_second: about(187, 0.04),
      server_cpu_ms_per_request: about(0.9, 0.08),
      server_memory_max_mb: about(180, 0.06),
      steal_pct: shows ? 20 : 1,
    })
  }
}

type Trial = { repeat: number; joinSlower: number; hitShare: number }

const outcomesOf = ({ repeat, joinSlower, hitShare }: Trial) => {
  const make = openWorkshop(7, hitShare)
  const outcomes = Array.from({ length: 400 }, () => {
    const turns = Array.from({ length: repeat }, () => [make(1), make(joinSlower)] as const)
    const sides = [turns.map((each) => each[0]), turns.map((each) => each[1])] as const
    return compareRuns(...sides).outcome
  })
  return (...wanted: string[]) => outcomes.filter((each) => wanted.includes(each)).length / outcomes.length
}

test("of identical builds at least nine of ten pairs show no difference, single or repeated", () => {
  for (const repeat of [1, 3, 5, 7, 10]) {
    const calm = outcomesOf({ repeat, joinSlower: 1, hitShare: 0 })
    const disturbed = outcomesOf({ repeat, joinSlower: 1, hitShare: 0.1 })
    expect([repeat, calm("no_difference") >= 0.9]).toEqual([repeat, true])
    expect([repeat, disturbed("worse", "better") <= 0.1]).toEqual([repeat, true])
  }
})

test("a join twice as slow is found: mostly by single runs, nearly always by repeated ones", () => {
  for (const [repeat, least] of [
    [1, 0.8],
    [3, 0.95],
    [5, 0.98],
    [10, 0.99],
  ] as const)
    expect([repeat, outcomesOf({ repeat, joinSlower: 2, hitShare: 0.1 })("worse") >= least]).toEqual([repeat, true])
})

test("a build that fails more requests, or costs more CPU, is worse though it is as quick", () => {
  const same = { join_p50_ms: 2, join_count: 220 }
  const sides = (metric: string, before: number, after: number) =>
    compareRuns(
      [1, 2, 3, 4, 5].map((n) => run({ ...same, [metric]: before * (1 + n / 1000) })),
      [1, 2, 3, 4, 5].map((n) => run({ ...same, [metric]: after * (1 + n / 1000) })),
    ).outcome
  expect(sides("http_req_failed_rate", 0, 0.004)).toBe("worse")
  expect(sides("http_req_failed_rate", 0, 0.0004)).toBe("no_difference")
  expect(sides("server_cpu_ms_per_request", 0.8, 1.1)).toBe("worse")
  expect(sides("server_memory_max_mb", 200, 260)).toBe("worse")
  expect(sides("http_reqs_per_second", 200, 120)).toBe("worse")
  expect(sides("http_reqs_per_second", 120, 200)).toBe("better")
})

test("a percentile with too few samples, and one that a side lacks, cannot be told", () => {
  const a = run({ join_p50_ms: 2, join_p99_ms: 10, join_count: 220, hold_p95_ms: 5, hold_count: 900 })
  const b = run({ join_p50_ms: 2, join_p99_ms: 400, join_count: 220 })
  const { figures, outcome } = compareRuns([a], [b])
  expect(figures.map((each) => [each.label, each.finding, each.why])).toEqual([
    ["join p50", "no_difference", "by a fixed band"],
    ["join p99", "cannot_tell", "220 samples in a run, it needs 1000"],
    ["hold p95", "cannot_tell", "not every run has it"],
  ])
  expect(outcome).toBe("no_difference")
})

test("a step that no threshold judges is told from the record, and one that is judged from its own figures alone", () => {
  const metrics = (checkout: number) => ({
    join_p50_ms: 2,
    join_p95_ms: 3,
    join_count: 220,
    step_join_p50_ms: 9,
    step_join_count: 220,
    step_checkout_p50_ms: checkout,
    step_checkout_p99_ms: 50,
    step_checkout_count: 100,
  })
  const { figures } = compareRuns([run(metrics(5))], [run(metrics(12))])
  expect(figures.map((each) => [each.label, each.finding])).toEqual([
    ["join p50", "no_difference"],
    ["join p95", "no_difference"],
    ["checkout p50", "worse"],
  ])
})

test("what a disturbed machine made slow is not held against the build", () => {
  const calm = { join_p50_ms: 2, join_count: 220 }
  const disturbed = { ...calm, join_p50_ms: 9, steal_pct: 30 }
  const one = compareRuns([run(calm)], [run(disturbed)])
  expect([one.outcome, one.figures[0]!.why]).toEqual([
    "cannot_tell",
    "the machine was disturbed in the runs that did worse",
  ])
  for (const cause of ["other_programs_cpu_pct", "k6_cpu_pct", "arrival_lag_p99_ms", "fsync_max_ms"])
    expect(compareRuns([run(calm)], [run({ ...calm, join_p50_ms: 9, [cause]: 900 })]).outcome).toBe("cannot_tell")
  // Between single runs a wait for the disk of the length of the band may be all of the difference; repeated runs outweigh it.
  const waited = { join_p95_ms: 219, join_count: 240, fsync_max_ms: 299 }
  const quick = { join_p95_ms: 5, join_count: 240, fsync_max_ms: 40 }
  expect(compareRuns([run(waited)], [run(quick)]).outcome).toBe("cannot_tell")
  expect(compareRuns([run({ ...waited, fsync_max_ms: 40 })], [run(quick)]).outcome).toBe("better")
  expect(compareRuns(Array(6).fill(run(waited)), Array(6).fill(run(quick))).outcome).toBe("better")
  // The other way round nothing excuses the slower one.
  expect(compareRuns([run({ ...calm, steal_pct: 30 })], [run({ ...calm, join_p50_ms: 9 })]).outcome).toBe("worse")
})

test("runs are comparable when all but the seed is the same", () => {
  const metrics = { join_p50_ms: 2 }
  const a = run(metrics)
  expect(incomparable([a], [run(metrics), run(metrics, { trafficVersion: "2.0.0" })])).toEqual([])
  for (const [changes, says] of [
    [{ scenario: "late_surge" }, "the scenario differs: launch_spike in "],
    [{ settings: { vus_max: 300, steady: "8s" } }, "vus_max differs: 220 in "],
    [{ settings: { vus_max: 220, steady: "8s", total_seats: 9 } }, "total_seats differs: absent in "],
    [{ scriptHash: "other" }, "the script differs: abc in "],
    [{ machine: "4 x Processor, 24 GB" }, "the machine differs: 2 x Processor, 24 GB in "],
    [{ machine: undefined }, "the machine differs: 2 x Processor, 24 GB in "],
    [{ segment: "1 of 3" }, "the segment differs: none in "],
    [{ metrics: {}, verdict: undefined, status: "error" }, "has no figures: it ended as error"],
    [{ runId: a.runId }, "are the same run "],
  ] as [Partial<RunRecord>, string][])
    expect(incomparable([a], [run(metrics, changes)])).toEqual([expect.stringContaining(says)])
})

test("people read what was compared, by how much it differs and how sure that is", () => {
  const text = comparisonText(
    compareRuns([run({ join_p50_ms: 2 }, { name: "a.json" })], [run({ join_p50_ms: 4.2 }, { name: "b.json" })]),
    [run({}, { name: "a.json" })],
    [run({}, { name: "b.json" })],
  )
  expect(text).toMatch(/A {2}traffic 1\.0\.0: a\.json/)
  expect(text).toMatch(/join p50 +2 ms +4\.2 ms +x2\.10 +worse/)
  expect(text).toContain("worse: join p50 x2.10\n  1 run against 1, rough:")
})

test("runs that did not take turns are told so", () => {
  const before = [run({ join_p50_ms: 2 }), run({ join_p50_ms: 2 })]
  const after = [run({ join_p50_ms: 2 }), run({ join_p50_ms: 2 })]
  expect(compareRuns(before, after).notes).toEqual([expect.stringContaining("take turns")])
})
