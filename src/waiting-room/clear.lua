#!lua
local state, positions, calls, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local seen, rebuild = ARGV[1], ARGV[2]

-- Begins a rebuild: empties the room, provided that its generation is still the one seen ("" for none).
-- Reply: { "cleared" } | { "superseded" }
if (redis.call("HGET", state, "generation") or "") ~= seen then return { "superseded" } end
redis.call("UNLINK", state, positions, calls, shoppers, admissions, late, journal)
redis.call("HSET", state, "rebuild", rebuild)
return { "cleared" }
