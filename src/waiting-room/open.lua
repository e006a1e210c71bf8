#!lua
local state = KEYS[1]
local generation, now_ms = ARGV[1], tonumber(ARGV[2])

-- Makes a room that has never been. The rest of ARGV is its settings: field, value, ...
-- Reply: { "opened" } | { "known" } | { "recovering" }
local known = redis.call("HGET", state, "generation")
if known == generation then return { "known" } end
if known or redis.call("EXISTS", state) == 1 then return { "recovering" } end

redis.call("HSET", state, unpack(ARGV, 3))
redis.call("HSET", state, "generation", generation, "clock_ms", now_ms, "wall_ms", now_ms, "refilled_ms", now_ms,
  "joined", 0, "now_serving", 0, "journaled", 0, "advanced", 0, "called", 0, "admitted", 0, "epoch", 0,
  "sold_out", 0, "gaps", "", "gap_ahead", 0)
return { "opened" }
