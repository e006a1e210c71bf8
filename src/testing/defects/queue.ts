import * as stories from "./stories.ts"
import { rowsOf, type StoreDefect } from "./stores.ts"

const lastComeFirst = {
  script: "admit",
  from: "while left > 0 and now_serving < joined do",
  to: "while left > 0 and now_serving < joined do now_serving = math.max(now_serving, joined - left)",
}

const defects: StoreDefect[] = [
  {
    check: "I5 joins kept",
    defect: "every third entry of the journal is lost",
    sow: {
      statements: [
        { from: "as entry (account_id, nth)", to: "as entry (account_id, nth) where from_position % 3 <> 0" },
      ],
    },
    story: stories.wholeSale,
    example: /^cyd was told position 3 and is not in the journal$/,
    also: ["I5 positions dense", "I5 journal complete", "I6 admitted when called"],
  },
  {
    check: "I5 positions steady",
    defect: "joining again gives a new position",
    sow: {
      scripts: [{ script: "join", from: "if known[index] or given[account] then", to: "if given[account] then" }],
    },
    story: stories.wholeSale,
    example: /^ada was told position 1 by one join and 7 by another$/,
    also: [
      "I5 joins kept",
      "I5 positions dense",
      "I5 journal complete",
      "I6 admitted when called",
      "I6 nobody overtaken",
    ],
  },
  {
    check: "I5 positions steady",
    defect: "the admission tells another position than the join",
    sow: {
      scripts: [
        {
          script: "claim",
          from: `return { "admitted", admission_id, position, now, ends_ms }`,
          to: `return { "admitted", admission_id, position + 1, now, ends_ms }`,
        },
      ],
    },
    story: stories.narrowShop,
    example: /^ada was at position 1 and a later answer said 2$/,
  },
  {
    check: "I5 positions dense",
    defect: "the counter of positions runs ahead by one",
    sow: {
      scripts: [
        { script: "join", from: `"HSET", state, "joined", joined)`, to: `"HSET", state, "joined", joined + 1)` },
      ],
    },
    story: stories.wholeSale,
    example: /^position 2 belongs to nobody, though \d+ was given$/,
  },
  {
    check: "I5 journal complete",
    defect: "whoever was let in is forgotten by Redis",
    sow: {
      scripts: [
        { script: "claim", from: `"HSET", positions, account, entry .. ":used")`, to: `"HDEL", positions, account)` },
      ],
    },
    story: stories.wholeSale,
    example: /^ada has position 1 in the journal and none in Redis$/,
  },
  {
    check: "I5 place kept on reconnect",
    defect: "a new connection is told another position",
    sow: {
      scripts: [
        {
          script: "claim",
          from: "id, tonumber(position), tonumber(granted_ms)",
          to: "id, 1 + position, tonumber(granted_ms)",
        },
      ],
    },
    story: stories.reconnects,
    example: /^ada was told position 1 by the join and 2 by a connection after that$/,
  },
  {
    check: "I6 first come, first served",
    defect: "of two people the later one gets the better position",
    sow: {
      scripts: [
        {
          script: "join",
          from: "joined = joined + 1\n    waiting = waiting + 1\n    put(account, joined, now)",
          to: `local nth = redis.call("HLEN", positions) + 1
    first = nth % 2 == 1 and nth + 1 or nth - 1
    joined = nth % 2 == 1 and nth + 1 or nth
    waiting = waiting + 1
    put(account, first, now)`,
        },
      ],
    },
    story: stories.arrivals,
    example: /^bob has position 1, ahead of ada at 2, who had the answer \d+ ms before bob asked$/,
  },
  {
    check: "I6 nobody overtaken",
    defect: "last come, first served",
    sow: { scripts: [lastComeFirst] },
    story: stories.wholeSale,
    example: /^\w+ was let in while \w+, who had joined before \w+ came, was told to wait \d+ ms later$/,
  },
  {
    check: "I6 first wave first",
    defect: "last come, first served, while a second wave comes",
    sow: { scripts: [lastComeFirst] },
    story: stories.twoWaves,
    example: /^\w+ of the second wave was let in while \w+ of the first was told to wait \d+ ms later$/,
    also: ["I6 nobody overtaken"],
  },
  {
    check: "I6 called in order",
    defect: "the last of each call is called again",
    sow: { scripts: [{ script: "admit", from: "    now_serving = upto\n", to: "    now_serving = upto - 1\n" }] },
    story: stories.narrowShop,
    example: /^positions \d+ to \d+ were called though \d+ had been reached$/,
  },
  {
    check: "I6 admitted when called",
    defect: "calls are not written down",
    sow: { scripts: [{ script: "admit", from: `table.concat(ranges, " ")`, to: `""` }] },
    story: stories.wholeSale,
    example: /^ada was let in at position 1, which was never called$/,
  },
  {
    check: "I10 shoppers within capacity",
    defect: "whoever missed the turn is let in all the same",
    sow: {
      scripts: [{ script: "claim", from: `if redis.call("ZREM", calls, position) == 0 then`, to: "if false then" }],
    },
    story: stories.lateAtTheDoor,
    example: /^ada was let in at \S+ as shopper 2 of 1$/,
  },
  {
    check: "I10 places promised once",
    defect: "the capacity is off by one",
    sow: {
      scripts: [
        { script: "admit", from: "local free = tonumber(saved[11])", to: "local free = 1 + tonumber(saved[11])" },
      ],
    },
    story: stories.absentAtTheDoor,
    example: /^position 3 was called at \S+ to place 3 of 2$/,
  },
  {
    check: "I10 calls within pace",
    defect: "the token bucket refills twice as fast",
    sow: {
      scripts: [
        {
          script: "admit",
          from: "(clock - tonumber(saved[16])) * per_minute",
          to: "(clock - tonumber(saved[16])) * per_minute * 2",
        },
      ],
    },
    story: stories.rush,
    example: /^positions up to \d+ were called \d+ too early: too many within \d+ ms$/,
  },
  {
    check: "I10 places promised once",
    defect: "one too many is called while the capacity is lowered",
    sow: {
      scripts: [
        {
          script: "admit",
          from: "local free = tonumber(saved[11])",
          to: "local free = tonumber(saved[11]) + (tonumber(saved[11]) < 4 and 1 or 0)",
        },
      ],
    },
    story: stories.narrowedAndWidened,
    example: /^position \d was called at \S+ to place 3 of 2$/,
    also: ["I10 shoppers within capacity"],
  },
  {
    check: "I10 calls within pace",
    defect: "a lowered rate is not heeded",
    sow: {
      scripts: [
        {
          script: "admit",
          from: "(clock - tonumber(saved[16])) * per_minute",
          to: "(clock - tonumber(saved[16])) * math.max(600, per_minute)",
        },
      ],
    },
    story: stories.slowedDown,
    example: /^positions up to \d+ were called \d+ too early: too many within \d+ ms$/,
  },
  {
    check: "I10 nobody called while paused",
    defect: "a pause is not heeded",
    sow: { scripts: [{ script: "admit", from: `and saved[7] ~= "1" and`, to: "and" }] },
    story: stories.paused,
    example: /^positions \d to \d were called at \S+ while the sale was paused$/,
  },
  {
    check: "I10 calls within pace",
    defect: "a raised rate counts from before it was raised",
    sow: {
      scripts: [{ script: "change", from: `"refilled_ms", clock)`, to: `"refilled_ms", clock - 100)` }],
    },
    story: stories.slowedDown,
    example: /^positions up to \d+ were called \d+ too early: too many within \d+ ms$/,
  },
  {
    check: "I10 calls within pace",
    defect: "the token bucket holds ten seconds of the pace",
    sow: { scripts: [{ script: "admit", from: "per_minute * 1000)", to: "per_minute * 10000)" }] },
    story: stories.rush,
    example: /^positions up to \d+ were called \d+ too early: too many within \d+ ms$/,
  },
]

/** What can be wrong with the waiting room: its scripts, its journal. */
export const queueRows = rowsOf(defects)
