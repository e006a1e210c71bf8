#!lua
local state, journal = KEYS[1], KEYS[2]
local generation = ARGV[1]

-- Changes settings while the sale runs. The rest of ARGV: field, value, ... Positions are never touched.
-- What decides who is called goes to the journal, at its place among the calls.
-- Reply: { "changed" } | { "recovering" }
local names = { "admit_per_minute", "cap", "capacity", "call_window_ms", "admission_ms", "paused", "closed" }
local before = redis.call("HMGET", state, unpack(names))
local saved = redis.call("HMGET", state, "generation", "clock_ms", "credit", "refilled_ms")
if saved[1] ~= generation then return { "recovering" } end
redis.call("HSET", state, unpack(ARGV, 2))

local after = redis.call("HMGET", state, unpack(names))
local entry, differs = { "kind", "settings", "at", saved[2] }, false
for index, name in ipairs(names) do
  entry[#entry + 1] = name
  entry[#entry + 1] = after[index] or ""
  differs = differs or before[index] ~= after[index]
end
if not differs then return { "changed" } end
redis.call("XADD", journal, "*", unpack(entry))

-- Time that has passed counts at the rate that held while it passed.
local clock, per_minute = tonumber(saved[2]), tonumber(before[1])
local credit = (tonumber(saved[3]) or 60000) + math.max(0, clock - tonumber(saved[4])) * per_minute
redis.call("HSET", state, "credit", math.min(math.max(60000, per_minute * 1000), credit), "refilled_ms", clock)
return { "changed" }
