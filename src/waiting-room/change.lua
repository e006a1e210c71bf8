#!lua
local state = KEYS[1]
local generation = ARGV[1]

-- Changes settings while the sale runs. The rest of ARGV: field, value, ... Positions are never touched.
-- Reply: { "changed" } | { "recovering" }
if redis.call("HGET", state, "generation") ~= generation then return { "recovering" } end
redis.call("HSET", state, unpack(ARGV, 2))
return { "changed" }
