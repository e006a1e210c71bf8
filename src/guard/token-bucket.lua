#!lua
local now_ms = tonumber(ARGV[1])

-- Takes one token from each bucket, if there is one; or notes as many as were spent already, at since_ms, which may leave it in debt
-- by a burst at most. A key that is there twice is asked twice.
-- KEYS: STRING of two doubles, tokens and at_ms, one for each take; a bucket that is not there is full.
-- ARGV: now_ms, then for each key: limit, window_ms, burst, spent (0: take one), since_ms (now_ms, or when the first of spent was taken).
-- A bucket gains limit tokens in window_ms and holds burst.
-- Reply: { "took", level, ... }: the thousandths of a token left; below zero nothing was taken and these are missing to the next.
-- Of a bucket with spent takes the level is what it holds at now_ms, below zero what it owes.
-- src/guard/local-bucket.ts does the same arithmetic in the process.

local reply = { "took" }
for i = 1, #KEYS do
  local limit, window_ms, burst = tonumber(ARGV[5 * i - 3]), tonumber(ARGV[5 * i - 2]), tonumber(ARGV[5 * i - 1])
  local spent, since_ms = tonumber(ARGV[5 * i]), tonumber(ARGV[5 * i + 1])
  local tokens, at_ms, stepped = burst, since_ms, false
  local saved = redis.call("GET", KEYS[i])
  if saved and #saved == 16 then
    tokens, at_ms = struct.unpack(">dd", saved)
    -- A clock behind the last taker's refills nothing until it has caught up, and waits no longer for that than one window.
    stepped = at_ms > since_ms + window_ms
    at_ms = math.min(at_ms, since_ms + window_ms)
    if since_ms > at_ms then
      tokens = math.min(burst, tokens + (since_ms - at_ms) * limit / window_ms)
      at_ms = since_ms
    end
  end
  -- A wait as long as the reply says suffices, whatever the sum of fractions lost on the way.
  local taken = spent > 0 or tokens >= 1 - 1e-6
  if spent > 0 then
    tokens = math.max(-burst, tokens - spent)
    local held = math.min(burst, tokens + math.max(0, now_ms - at_ms) * limit / window_ms)
    reply[i + 1] = math.floor(held * 1000 + 1e-6)
  elseif taken then
    tokens = math.max(0, tokens - 1)
    reply[i + 1] = math.floor(tokens * 1000 + 1e-6)
  else
    reply[i + 1] = -math.max(1, math.ceil((1 - tokens) * 1000 - 1e-6))
  end
  -- A refusal changes nothing, so it writes nothing. Once full again the key is as good as gone.
  if taken or stepped then
    local full_after_ms = math.ceil((burst - tokens) * window_ms / limit) + at_ms - since_ms + 1000
    redis.call("SET", KEYS[i], struct.pack(">dd", tokens, at_ms), "PX", full_after_ms)
  end
end
return reply
