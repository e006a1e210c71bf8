#!lua
local state, calls, shoppers, admissions, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local generation, epoch, now_ms, postgres_ms, lead_ms, agreement_ms, sets_back = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]),
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

-- A scheduler that takes over, or comes back to a room, moves its clock to the time, once. It goes ahead only as far as this node
-- and a store say, and back only from where it is more than agreement_ms ahead of them all: Redis by its own clock, Postgres by
-- postgres_ms, 0 when it has not said. What the clock leaps beyond lead_ms is given to everybody who was called or shops, so that
-- an outage throws nobody out; what it goes back is taken from them, so that each has the time left that they had.
-- epoch is 0 for an operator, whom nothing fences.
-- With sets_back 0 it never goes back; ahead_ms says by how much it should, 0 when it need not or did.
-- Reply: { "resynced", shift_ms, ahead_ms } | { "fenced", epoch } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "epoch", "clock_ms", "refilled_ms", "settles_ms", "rebuilt_ms")
if saved[1] ~= generation then return { "recovering" } end
if epoch > 0 and epoch < tonumber(saved[2]) then return { "fenced", tonumber(saved[2]) } end

local time = redis.call("TIME")
local redis_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local clock, shift_ms, ahead_ms = tonumber(saved[3]), 0, 0
local upto, latest = math.min(now_ms, math.max(redis_ms, postgres_ms)), math.max(now_ms, redis_ms, postgres_ms)
local moved = math.max(clock, upto)
if clock > latest + agreement_ms and sets_back == "0" then
  ahead_ms = clock - latest
elseif clock > latest + agreement_ms then
  moved = now_ms
  shift_ms = now_ms - clock
elseif upto > clock + lead_ms then
  shift_ms = upto - clock - lead_ms
end
redis.call("HSET", state, "epoch", math.max(epoch, tonumber(saved[2])), "clock_ms", moved, "wall_ms", now_ms)
if shift_ms == 0 then return { "resynced", 0, ahead_ms } end
for _, key in ipairs({ calls, shoppers }) do
  for _, member in ipairs(redis.call("ZRANGE", key, 0, -1)) do redis.call("ZINCRBY", key, shift_ms, member) end
end
if shift_ms < 0 then
  -- What was noted on the clock that went too fast is not in the future.
  redis.call("HSET", state, "refilled_ms", math.min(tonumber(saved[4]), moved))
  if saved[5] then redis.call("HSET", state, "settles_ms", math.min(tonumber(saved[5]), moved + lead_ms)) end
  if saved[6] then redis.call("HSET", state, "rebuilt_ms", math.min(tonumber(saved[6]), moved)) end
  redis.call("HDEL", state, "closed_ms")
  for _, account in ipairs(redis.call("ZRANGE", shoppers, 0, -1)) do
    local id, position, granted_ms = string.match(redis.call("HGET", admissions, account) or "", "^([^:]+):(%d+):(%d+)$")
    if id and tonumber(granted_ms) > moved then
      redis.call("HSET", admissions, account, id .. ":" .. position .. ":" .. (tonumber(granted_ms) + shift_ms))
    end
  end
end
redis.call("XADD", journal, "*", "kind", "shift", "at", moved, "by", shift_ms)
return { "resynced", shift_ms, 0 }
