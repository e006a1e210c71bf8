#!lua
local state, positions, calls, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local generation, account, admission_id, granted_ms, ends_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

-- Puts an admission back that was given, and lost with Redis before the journal had it. It takes its place again, also where the
-- capacity is used up: the shopper is inside. Another admission of the account is as good, and stays. A call that was lost with it
-- is journaled again.
-- Reply: { "readmitted" } | { "known" } | { "over" } | { "not_in_queue" } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "clock_ms", "journaled_call", "epoch")
if saved[1] ~= generation then return { "recovering" } end
if redis.call("HEXISTS", admissions, account) == 1 then return { "known" } end
if ends_ms <= tonumber(saved[2]) then return { "over" } end
local entry = redis.call("HGET", positions, account)
if not entry then return { "not_in_queue" } end

local position, used = string.match(entry, "^(%d+):%d+(.*)$")
redis.call("ZREM", calls, position)
redis.call("ZREM", late, account)
redis.call("ZADD", shoppers, ends_ms, account)
redis.call("HSET", admissions, account, admission_id .. ":" .. position .. ":" .. granted_ms)
if used == "" then redis.call("HSET", positions, account, entry .. ":used") end
redis.call("HINCRBY", state, "admitted", 1)
if saved[3] and tonumber(position) > tonumber(saved[3]) then
  redis.call("XADD", journal, "*", "kind", "tick", "at", granted_ms, "epoch", saved[4], "ranges", "", "again", position,
    "expired", "", "missed", 0)
end
redis.call("XADD", journal, "*", "kind", "admit", "at", granted_ms, "account", account, "position", position,
  "admission", admission_id, "ends", ends_ms)
return { "readmitted" }
