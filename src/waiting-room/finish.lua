#!lua
local state, shoppers, admissions, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local generation, account, admission_id, at_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

-- Gives back the place of a shopper who has paid or left. A finish may come late or twice: by then the account may have another
-- admission, or wait for one, and keeps it. at_ms: when it was finished; 0 is now, by the clock of the room.
-- Reply: { "finished" } | { "absent" } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "clock_ms")
if saved[1] ~= generation then return { "recovering" } end
local live = redis.call("HGET", admissions, account)
if not live or string.match(live, "^[^:]+") ~= admission_id then return { "absent" } end
redis.call("ZREM", shoppers, account)
redis.call("HDEL", admissions, account)
redis.call("XADD", journal, "*", "kind", "finish", "at", at_ms > 0 and at_ms or saved[2], "admission", admission_id)
return { "finished" }
