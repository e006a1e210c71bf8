#!lua
local state, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local generation, account = ARGV[1], ARGV[2]

-- Gives back the place of a shopper who has paid or left.
-- Reply: { "finished" } | { "absent" } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "clock_ms")
if saved[1] ~= generation then return { "recovering" } end
local live = redis.call("HGET", admissions, account)
redis.call("ZREM", late, account)
if not live then return { "absent" } end
redis.call("ZREM", shoppers, account)
redis.call("HDEL", admissions, account)
redis.call("XADD", journal, "*", "kind", "finish", "at", saved[2], "admission", string.match(live, "^[^:]+"))
return { "finished" }
