import { beforeAll, expect, test } from "bun:test"
import { stores } from "../testing/stores.ts"
import type { Redis } from "./redis.ts"
import { script } from "./script.ts"

let redis: Redis
beforeAll(async () => void ({ redis } = await stores()))

const lua = `#!lua
local counter, list = KEYS[1], KEYS[2]
local by, word = tonumber(ARGV[1]), ARGV[2]
redis.call("INCRBY", counter, by)
for index = 3, #ARGV do redis.call("RPUSH", list, word .. ARGV[index]) end
return { "counted", redis.call("GET", counter), redis.call("LRANGE", list, 0, -1) }
`
const shape = { keys: ["counter", "list"], args: ["by", "word"], rest: true, reply: (raw: unknown) => raw } as const
const keys = () => ({ counter: `test:{${crypto.randomUUID()}}:counter`, list: `test:{${crypto.randomUUID()}}:list` })

test("names reach the script as its first lines declare them, the list after them", async () => {
  const count = script(lua, shape)
  const mine = keys()
  expect(await count(redis, mine, { word: "w", by: 2 }, ["a", "b"])).toEqual(["counted", "2", ["wa", "wb"]])
  expect(await count(redis, { list: mine.list, counter: mine.counter }, { by: 3, word: "" })).toEqual([
    "counted",
    "5",
    ["wa", "wb"],
  ])
})

test("a binding that says otherwise than the script throws at once", () => {
  for (const [keyNames, argNames] of [
    [
      ["list", "counter"],
      ["by", "word"],
    ],
    [["counter"], ["by", "word"]],
    [
      ["counter", "list", "more"],
      ["by", "word"],
    ],
    [
      ["counter", "list"],
      ["word", "by"],
    ],
    [["counter", "list"], []],
    [[], []],
  ])
    expect(() => script(lua, { keys: keyNames!, args: argNames!, reply: () => 0 })).toThrow("A Lua script declares")
  expect(() => script("#!lua\nreturn 1", { keys: [], args: ["now_ms"], reply: () => 0 })).toThrow(
    "declares ARGV (none)",
  )
  expect(() => script("#!lua\nreturn 1", { keys: [], args: [], reply: () => 0 })).not.toThrow()
})

test("a Redis that forgot the script gets its text again, and it runs once", async () => {
  const count = script(lua, shape)
  const mine = keys()
  await redis.script("FLUSH")
  expect(await count(redis, mine, { by: 1, word: "" })).toEqual(["counted", "1", []])
  await redis.script("FLUSH")
  expect(await count(redis, mine, { by: 1, word: "" })).toEqual(["counted", "2", []])
})

test("a script's own error is told as it is and not run again", async () => {
  const mine = keys()
  const failing = script(
    `#!lua\nlocal counter = KEYS[1]\nredis.call("INCR", counter)\nreturn redis.error_reply("WRONG of its own")`,
    { keys: ["counter"], args: [], reply: (raw) => raw },
  )
  for (const times of ["1", "2"]) {
    await expect(failing(redis, { counter: mine.counter }, {})).rejects.toThrow("WRONG of its own")
    expect(await redis.get(mine.counter)).toBe(times)
  }
})
