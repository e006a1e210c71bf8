#!lua flags=no-writes
local state, positions = KEYS[1], KEYS[2]
local generation, floor = ARGV[1], tonumber(ARGV[2])

-- The entries of a batch of accounts, which is the rest of ARGV. An account that never joined has an empty one.
-- Reply: { "found", position:joined_ms, ... } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "joined")
if saved[1] ~= generation or tonumber(saved[2]) < floor then return { "recovering" } end
local found = redis.call("HMGET", positions, unpack(ARGV, 3))
for index = 1, #ARGV - 2 do found[index] = found[index] or "" end
return { "found", unpack(found) }
