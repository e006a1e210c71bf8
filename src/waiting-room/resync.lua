#!lua
local state, calls, shoppers, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local generation, epoch, now_ms, lead_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- A scheduler that takes over, or comes back to a room, moves its clock to the wall once. What the clock leaps beyond lead_ms is
-- given to everybody who was called or shops, so that an outage throws nobody out. A clock is never moved back.
-- Reply: { "resynced", shift_ms } | { "fenced", epoch } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "epoch", "clock_ms")
if saved[1] ~= generation then return { "recovering" } end
if epoch < tonumber(saved[2]) then return { "fenced", tonumber(saved[2]) } end

local clock = tonumber(saved[3])
local shift_ms = math.max(0, now_ms - clock - lead_ms)
redis.call("HSET", state, "epoch", epoch, "clock_ms", math.max(clock, now_ms), "wall_ms", now_ms)
if shift_ms == 0 then return { "resynced", 0 } end
for _, key in ipairs({ calls, shoppers }) do
  for _, member in ipairs(redis.call("ZRANGE", key, 0, -1)) do redis.call("ZINCRBY", key, shift_ms, member) end
end
redis.call("XADD", journal, "*", "kind", "shift", "at", now_ms, "by", shift_ms)
return { "resynced", shift_ms }
