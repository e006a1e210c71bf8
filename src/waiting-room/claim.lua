#!lua
local state, positions, calls, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local generation, now_ms, lead_ms, account, admission_id = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]

-- Turns a call into an admission; the same admission again while it lives. Whoever comes too late is noted for the next free
-- place by its position. A turn that was used is over: only joining again asks for another.
-- Reply: { "admitted", admission_id, position, granted_ms, ends_ms } | { "waiting", position } | { "missed", position }
--        { "used", position } | { "not_in_queue" } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "now_serving", "clock_ms", "ends_ms", "closed", "admission_ms")
if saved[1] ~= generation then return { "recovering" } end

local live = redis.call("HGET", admissions, account)
if live then
  local id, position, granted_ms = string.match(live, "^([^:]+):(%d+):(%d+)$")
  local ends_ms = redis.call("ZSCORE", shoppers, account)
  return { "admitted", id, tonumber(position), tonumber(granted_ms), tonumber(ends_ms) }
end

local entry = redis.call("HGET", positions, account)
if not entry then return { "not_in_queue" } end
local position, joined_ms, used = string.match(entry, "^(%d+):(%d+)(.*)$")
position = tonumber(position)
if position > tonumber(saved[2]) then return { "waiting", position } end

local clock = tonumber(saved[3])
local now = math.max(clock, math.min(now_ms, clock + lead_ms))
local over = used == "" and "missed" or "used"
if saved[5] == "1" or now >= tonumber(saved[4]) then return { over, position } end
if redis.call("ZREM", calls, position) == 0 then
  if used == "" then redis.call("ZADD", late, "NX", position, account) end
  return { over, position }
end

local ends_ms = now + tonumber(saved[6])
redis.call("ZREM", late, account)
redis.call("ZADD", shoppers, ends_ms, account)
redis.call("HSET", admissions, account, admission_id .. ":" .. position .. ":" .. now)
if used == "" then redis.call("HSET", positions, account, entry .. ":used") end
redis.call("HINCRBY", state, "admitted", 1)
redis.call("XADD", journal, "*", "kind", "admit", "at", now, "account", account, "position", position, "admission", admission_id,
  "ends", ends_ms)
return { "admitted", admission_id, position, now, ends_ms }
