import { passes } from "../../lab/model/check.ts"
import { kindOf, thresholdsOf, type K6Summary } from "../../lab/k6/summary.ts"
import type { Conditions } from "../../lab/model/conditions.ts"
import { judge, type Judgement } from "../../lab/verdict/verdict.ts"
import type { Alarm, Row, Seen } from "./table.ts"
import { openTrial } from "./trial.ts"

type Figures = {
  joinP98?: number
  joinP99?: number
  failedShare?: number
  slowedDown?: number
  positionChanges?: number
  samples?: number
  arrivals?: number
  lag?: number
  iterations?: number
  dropped?: number
}

/** What k6 says at the end of a run of 500 people; every kind of threshold is in it. */
const summaryOf = ({
  joinP99 = 40,
  joinP98 = joinP99,
  failedShare = 0,
  slowedDown = 10,
  positionChanges = 0,
  samples = 500,
  arrivals = 500,
  lag = 3,
  iterations = 500,
  dropped = 0,
}: Figures = {}): K6Summary => ({
  state: { testRunDurationMs: 50_000 },
  metrics: {
    "http_req_duration{step:join}": {
      type: "trend",
      values: { "p(98)": joinP98, "p(99)": joinP99, count: samples },
      thresholds: { "p(99)<500": { ok: joinP99 < 500 } },
    },
    http_req_failed: {
      type: "rate",
      values: { rate: failedShare },
      thresholds: { "rate<0.01": { ok: failedShare < 0.01 } },
    },
    "refusals{why:rate_limited}": {
      type: "counter",
      values: { count: slowedDown },
      thresholds: { "count>0": { ok: slowedDown > 0 } },
    },
    position_changes: {
      type: "counter",
      values: { count: positionChanges },
      thresholds: { "count<1": { ok: positionChanges < 1 } },
    },
    arrivals: { type: "counter", values: { count: arrivals } },
    arrival_lag: { type: "trend", values: { "p(99)": lag } },
    iterations: { type: "counter", values: { count: iterations } },
    dropped_iterations: { type: "counter", values: { count: dropped } },
  },
})

const calm: Conditions = { people: 500, stolen: 0.01, k6Cpu: 0.3, others: 0.01 }
const held = passes("I1 seats sold once", "no seat has two live tickets", "3 tickets")

/** Red thresholds by their kind, and why the run was not judged where that was the verdict. */
export const seenInJudgement = (summary: K6Summary, { verdict, checks, limits }: Judgement): Seen => {
  const kinds = new Map(thresholdsOf(summary).map((each) => [`k6 ${each.name}`, kindOf(each)]))
  const red = checks.filter((each) => each.judged && !each.passed)
  return {
    rung: [
      ...red.map(({ name, counterExample = "" }) => {
        const kind = kinds.get(name)
        return {
          alarm: kind === undefined ? (name as Alarm) : (`k6 ${kind}` as const),
          said: name,
          example: counterExample,
        }
      }),
      ...(verdict === "INCONCLUSIVE" ? limits : []).map(({ kind, reason }) => {
        const alarm = `INCONCLUSIVE ${kind}` as const
        return { alarm, said: alarm, example: reason }
      }),
    ],
    passed: [],
    emitted: checks.map((each) => each.name),
  }
}

const judged = async (figures: Figures = {}, conditions: Partial<Conditions> = {}): Promise<Seen> => {
  const summary = summaryOf(figures)
  return seenInJudgement(summary, judge(summary, [held], { ...calm, ...conditions }))
}

type Made = {
  alarm: Alarm
  defect: string
  example: RegExp
  /** Just within what is allowed, and just over it. */
  sound: [Figures, Partial<Conditions>?]
  broken: [Figures, Partial<Conditions>?]
}

const made: Made[] = [
  {
    alarm: "k6 latency",
    defect: "joins take more than half a second",
    sound: [{ joinP99: 499 }],
    broken: [{ joinP99: 501 }],
    example: /^http_req_duration\{step:join\} has p\(99\) = 501$/,
  },
  {
    alarm: "k6 share",
    defect: "one answer in a hundred is an error",
    sound: [{ failedShare: 0.0099 }],
    broken: [{ failedShare: 0.01 }],
    example: /^http_req_failed has rate = 0.01$/,
  },
  {
    alarm: "k6 ban",
    defect: "one position changes",
    sound: [{ positionChanges: 0 }],
    broken: [{ positionChanges: 1 }],
    example: /^position_changes has count = 1$/,
  },
  {
    alarm: "INCONCLUSIVE steal",
    defect: "neighbours take more than a tenth of the CPU",
    sound: [{}, { stolen: 0.1 }],
    broken: [{}, { stolen: 0.101 }],
    example: /^neighbours stole 10.1 % of the CPU in the steady phase/,
  },
  {
    alarm: "INCONCLUSIVE other programs",
    defect: "a compiler runs beside joins that take 0.7 s",
    sound: [{}, { others: 0.9 }],
    broken: [{ joinP99: 700 }, { others: 0.201 }],
    example: /^other programs used 20.1 % of the machine/,
  },
  {
    alarm: "INCONCLUSIVE generator's CPU",
    defect: "k6 uses more than four fifths of the machine",
    sound: [{}, { k6Cpu: 0.8 }],
    broken: [{ joinP99: 700, failedShare: 0.5 }, { k6Cpu: 0.801 }],
    example: /^k6 used 80.1 % of the machine, more than 80 %: the generator was the limit$/,
  },
  {
    alarm: "INCONCLUSIVE late arrivals",
    defect: "people come more than 250 ms late",
    sound: [{ lag: 250 }],
    broken: [{ lag: 251, joinP99: 700 }],
    example: /^one person in a hundred came 251 ms late or more/,
  },
  {
    alarm: "INCONCLUSIVE dropped iterations",
    defect: "k6 leaves out more than one iteration in a hundred",
    sound: [{ iterations: 495, dropped: 5 }],
    broken: [{ iterations: 494, dropped: 6, slowedDown: 0 }],
    example: /^k6 dropped 6 of 500 iterations, more than 1 %/,
  },
  {
    alarm: "INCONCLUSIVE absent people",
    defect: "more than one person in a hundred never comes",
    sound: [{ arrivals: 495 }],
    broken: [{ arrivals: 494, slowedDown: 0 }],
    example: /^6 of 500 people never came, more than 1 %/,
  },
  {
    alarm: "INCONCLUSIVE starved generator",
    defect: "k6 may open fewer files than there are people",
    sound: [{}],
    broken: [{ failedShare: 0.5 }, { starved: "k6 may open 500 files, and 500 people need 1250" }],
    example: /^k6 may open 500 files, and 500 people need 1250: the generator was the limit$/,
  },
  {
    alarm: "INCONCLUSIVE too few samples",
    defect: "a p99 of 199 joins",
    sound: [{ samples: 200 }],
    broken: [{ samples: 199, joinP99: 700 }],
    example: /^http_req_duration\{step:join\} has 199 samples and its p99 needs 200/,
  },
  {
    alarm: "INCONCLUSIVE too few samples",
    defect: "a p99 over its limit, of joins so few that it may be under it as well",
    sound: [{ joinP99: 499, joinP98: 480 }],
    broken: [{ joinP99: 520, joinP98: 500 }],
    example: /^http_req_duration\{step:join\} has 500 samples and its p99 of 520 is too close to 500 to tell/,
  },
  {
    alarm: "INCONCLUSIVE too few samples",
    defect: "a search has not found its answer when the time is over",
    sound: [{}],
    broken: [{}, { unfinished: "100 held, 200 held" }],
    example: /^100 held, 200 held: a longer run is needed$/,
  },
]

/** How many of forty presses from one address are told to slow down, when each names another address in X-Forwarded-For. */
const slowedDown = async (trustedProxies: string[]): Promise<Seen> => {
  const trial = await openTrial({ defect: { trustedProxies } })
  try {
    return await judged({ slowedDown: await trial.pressFrom("203.0.113.9", 40) })
  } finally {
    await trial.close()
  }
}

export const verdictRows: Row[] = [
  {
    alarm: "k6 guard",
    defect: "X-Forwarded-For is believed from everybody, so that no address is ever told to slow down",
    on: "real stores",
    example: /^refusals\{why:rate_limited\} has count = 0$/,
    sound: () => slowedDown([]),
    broken: () => slowedDown(["0.0.0.0/1", "128.0.0.0/1"]),
  },
  ...made.map(({ sound, broken, ...row }) => ({
    ...row,
    on: "made-up figures" as const,
    sound: () => judged(...sound),
    broken: () => judged(...broken),
  })),
]
