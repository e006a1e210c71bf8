#!lua
local holder, counter, clock = KEYS[1], KEYS[2], KEYS[3]
local node_id, lease_ms, floor, now_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

-- Takes or renews the lease of the scheduler; lease_ms 0 gives it back. Each change of holder raises the fencing epoch, above
-- floor: the highest epoch a room has seen, should the counter have been lost. now_ms: by which the holder moves the rooms.
-- Reply: { "acquired", epoch } | { "held", epoch } | { "other" } | { "released" }
local held_by = redis.call("GET", holder)
if lease_ms == 0 then
  if held_by == node_id then redis.call("DEL", holder) end
  return { "released" }
end
local epoch = tonumber(redis.call("GET", counter) or 0)
if held_by and held_by ~= node_id then return { "other" } end
if held_by and epoch > floor then
  redis.call("PEXPIRE", holder, lease_ms)
  redis.call("SET", clock, now_ms)
  return { "held", epoch }
end
epoch = math.max(epoch, floor) + 1
redis.call("SET", counter, epoch)
redis.call("SET", clock, now_ms)
redis.call("SET", holder, node_id, "PX", lease_ms)
return { "acquired", epoch }
