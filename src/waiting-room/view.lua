#!lua flags=no-writes
local state, calls, shoppers, late = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- Everything that is the same for everybody.
-- Reply: { "viewed", shoppers, called and not yet come, restored ahead, come too late, field, value, ... } | { "absent" }
local fields = redis.call("HGETALL", state)
if #fields == 0 then return { "absent" } end
local now_serving = redis.call("HGET", state, "now_serving") or 0
return { "viewed", redis.call("ZCARD", shoppers), redis.call("ZCARD", calls),
  redis.call("ZCOUNT", late, "(" .. now_serving, 1099511627775), redis.call("ZCARD", late), unpack(fields) }
