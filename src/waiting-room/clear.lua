#!lua
local state, positions, calls, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local seen, rebuild, keeps_journal = ARGV[1], ARGV[2], ARGV[3]

-- Begins a rebuild: empties the room, provided that its generation is still the one seen ("" for none). With keeps_journal 1 the
-- stream stays, for what Postgres does not have yet: stream_of says of which generation it is until the rebuild is sealed.
-- Reply: { "cleared" } | { "superseded" }
local saved = redis.call("HMGET", state, "generation", "stream_of")
if (saved[1] or "") ~= seen then return { "superseded" } end
redis.call("UNLINK", state, positions, calls, shoppers, admissions, late)
redis.call("HSET", state, "rebuild", rebuild)
if keeps_journal == "1" then redis.call("HSET", state, "stream_of", saved[1] or saved[2])
else redis.call("UNLINK", journal) end
return { "cleared" }
