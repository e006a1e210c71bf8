#!lua
local state, positions = KEYS[1], KEYS[2]
local rebuild, generation, entries = ARGV[1], ARGV[2], tonumber(ARGV[3])

-- Ends a rebuild when every entry is there: counters and settings (the rest of ARGV: field, value, ...), then the generation.
-- Reply: { "sealed" } | { "superseded" } | { "incomplete", entries }
if redis.call("HGET", state, "rebuild") ~= rebuild then return { "superseded" } end
local loaded = redis.call("HLEN", positions)
if loaded ~= entries then
  redis.call("HDEL", state, "rebuild_of")
  return { "incomplete", loaded }
end
redis.call("HSET", state, unpack(ARGV, 4))
redis.call("HDEL", state, "rebuild", "rebuild_of", "restored_to")
redis.call("HSET", state, "generation", generation)
return { "sealed" }
