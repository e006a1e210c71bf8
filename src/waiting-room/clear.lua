#!lua
local state, positions, calls, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local seen, rebuild, of, keeps_journal = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

-- Begins a rebuild: empties the room, provided that its generation is still the one seen ("" for none). With keeps_journal 1 the
-- stream stays, for what Postgres does not have yet: stream_of says of which generation it is until the rebuild is sealed.
-- of: what is rebuilt. A rebuild of the same that came to no end is gone on with: what it has loaded stays.
-- Reply: { "cleared" } | { "resumed", restored_to } | { "superseded" }
local saved = redis.call("HMGET", state, "generation", "stream_of", "rebuild_of", "restored_to")
if (saved[1] or "") ~= seen then return { "superseded" } end
if not saved[1] and saved[3] == of then
  redis.call("HSET", state, "rebuild", rebuild)
  return { "resumed", tonumber(saved[4]) }
end
redis.call("UNLINK", state, positions, calls, shoppers, admissions, late)
redis.call("HSET", state, "rebuild", rebuild, "rebuild_of", of, "restored_to", 0)
if keeps_journal == "1" then redis.call("HSET", state, "stream_of", saved[1] or saved[2])
else redis.call("UNLINK", journal) end
return { "cleared" }
