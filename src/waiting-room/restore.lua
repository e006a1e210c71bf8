#!lua
local state, positions, shoppers, admissions, late = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local rebuild = ARGV[1]

-- Loads one chunk in a rebuild. The rest of ARGV: kind, account, value, ... with kind = entry (position:joined_ms), late (priority),
-- shopper (end), admission (admission:position:granted_ms). The caller keeps the chunk small.
-- Reply: { "restored" } | { "superseded" }
if redis.call("HGET", state, "rebuild") ~= rebuild then return { "superseded" } end
for index = 2, #ARGV, 3 do
  local kind, account, value = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if kind == "entry" then redis.call("HSET", positions, account, value)
  elseif kind == "late" then redis.call("ZADD", late, value, account)
  elseif kind == "shopper" then redis.call("ZADD", shoppers, value, account)
  elseif kind == "admission" then redis.call("HSET", admissions, account, value) end
end
return { "restored" }
