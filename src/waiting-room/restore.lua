#!lua
local state, positions, shoppers, admissions, late = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local rebuild, restored_to, batch = ARGV[1], ARGV[2], ARGV[3]

-- Loads one batch in a rebuild, up to the position restored_to. batch: kind, account, value, ... each separated by a space, with
-- kind = entry (position:joined_ms), late (priority), shopper (end), admission (admission:position:granted_ms). One text, because
-- Redis reads many small arguments in pieces. The caller bounds its bytes.
-- Reply: { "restored" } | { "superseded" }
if redis.call("HGET", state, "rebuild") ~= rebuild then return { "superseded" } end
for kind, account, value in string.gmatch(batch, "(%S+) (%S+) (%S+)") do
  if kind == "entry" then redis.call("HSET", positions, account, value)
  elseif kind == "late" then redis.call("ZADD", late, value, account)
  elseif kind == "shopper" then redis.call("ZADD", shoppers, value, account)
  elseif kind == "admission" then redis.call("HSET", admissions, account, value) end
end
redis.call("HSET", state, "restored_to", restored_to)
return { "restored" }
