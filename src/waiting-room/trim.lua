#!lua
local state, journal = KEYS[1], KEYS[2]
local generation, next_id, journaled = ARGV[1], ARGV[2], tonumber(ARGV[3])

-- Drops the entries of the stream before next_id, which Postgres has committed, and says up to which position.
-- Reply: { "trimmed", left } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "journaled")
if saved[1] ~= generation then return { "recovering" } end
redis.call("XTRIM", journal, "MINID", next_id)
if journaled > tonumber(saved[2]) then redis.call("HSET", state, "journaled", journaled) end
return { "trimmed", redis.call("XLEN", journal) }
