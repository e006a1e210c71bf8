#!lua
local state, calls, shoppers, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local generation, epoch, now_ms, lead_ms, limit, total, available, held, sold = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]),
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

-- One tick of a room: moves its clock, ends what is over, calls as many as the bucket, the free places and the queue allow.
-- total is -1 when the stock is not known: then nobody is called, nor while a rebuilt room waits for the places that were told. limit bounds what one tick ends and calls.
-- Reply: { "ticked", called, now_serving, clock_ms, joined } | { "fenced", epoch } | { "recovering" }
local saved = redis.call("HMGET", state, "generation", "epoch", "clock_ms", "wall_ms", "opens_ms", "ends_ms", "paused", "closed", "alarm",
  "admit_per_minute", "capacity", "call_window_ms", "joined", "now_serving", "credit", "refilled_ms", "gap_ahead", "gaps", "closed_ms",
  "settles_ms")
if saved[1] ~= generation then return { "recovering" } end
if epoch < tonumber(saved[2]) then return { "fenced", tonumber(saved[2]) } end

-- The room's clock adds up what passed between ticks, so that a step of the wall clock moves it by lead_ms at most, or not at all.
local clock = tonumber(saved[3]) + math.max(0, math.min(now_ms - tonumber(saved[4]), lead_ms))
local per_minute, now_serving, joined = tonumber(saved[10]), tonumber(saved[14]), tonumber(saved[13])
local write = { "epoch", epoch, "clock_ms", clock, "wall_ms", now_ms }
local function set(field, value)
  write[#write + 1] = field
  write[#write + 1] = value
end

local expired, missed = {}, redis.call("ZRANGEBYSCORE", calls, "-inf", clock, "LIMIT", 0, limit)
for _, account in ipairs(redis.call("ZRANGEBYSCORE", shoppers, "-inf", clock, "LIMIT", 0, limit)) do
  expired[#expired + 1] = string.match(redis.call("HGET", admissions, account) or "", "^[^:]+")
  redis.call("ZREM", shoppers, account)
  redis.call("HDEL", admissions, account)
end
for _, position in ipairs(missed) do redis.call("ZREM", calls, position) end

if total >= 0 then
  set("sold_out", available + held > 0 and 0 or 1)
  set("stock_total", total)
  set("stock_available", available)
  set("stock_held", held)
  set("stock_sold", sold)
end
local closed = saved[8] == "1" or clock >= tonumber(saved[6])
if closed and not saved[19] then set("closed_ms", clock) end
if not closed and saved[19] then redis.call("HDEL", state, "closed_ms") end

local budget, ranges, again = 0, {}, {}
if total >= 0 and available + held > 0 and not closed and clock >= tonumber(saved[5]) and saved[7] ~= "1" and saved[9] ~= "1"
  and clock >= tonumber(saved[20] or 0) then
  -- The bucket counts in sixty-thousandths of a call, so that whole numbers do. It holds one second of the rate, at least one call.
  local credit = math.min(math.max(60000, per_minute * 1000), (tonumber(saved[15]) or 60000) + (clock - tonumber(saved[16])) * per_minute)
  local free = tonumber(saved[11]) - redis.call("ZCARD", shoppers) - redis.call("ZCARD", calls)
  budget = per_minute > 0 and math.max(0, math.min(math.floor(credit / 60000), free, limit)) or 0
  local ends, left, gap_ahead, advanced = clock + tonumber(saved[12]), budget, tonumber(saved[17]), 0

  -- Somebody whose position was passed already (a missed turn, a restored entry inside a gap) comes first, by position.
  local function call_late(upto)
    if left == 0 then return end
    local each = redis.call("ZRANGEBYSCORE", late, "-inf", upto, "WITHSCORES", "LIMIT", 0, left)
    for index = 1, #each, 2 do
      local position = tonumber(each[index + 1]) % 1099511627776
      redis.call("ZREM", late, each[index])
      redis.call("ZADD", calls, ends, position)
      again[#again + 1] = position
      left = left - 1
    end
  end
  call_late(now_serving)
  while left > 0 and now_serving < joined do
    local upto, leap = math.min(joined, now_serving + left), nil
    if gap_ahead > 0 then
      for from, to in string.gmatch(saved[18], "(%d+)-(%d+)") do
        from, to = tonumber(from), tonumber(to)
        if to > now_serving and from <= upto then upto, leap = math.max(from - 1, now_serving), to end
      end
    end
    if upto > now_serving then ranges[#ranges + 1] = (now_serving + 1) .. "-" .. upto end
    for position = now_serving + 1, upto do redis.call("ZADD", calls, ends, position) end
    left = left - (upto - now_serving)
    advanced = advanced + upto - now_serving
    now_serving = upto
    -- A gap costs no call: nobody is there.
    if leap and left > 0 then
      gap_ahead = gap_ahead - (leap - now_serving)
      now_serving = leap
      call_late(now_serving)
    end
  end
  -- Whoever has used up a turn comes again only when nobody waits for a first one.
  if now_serving >= joined then call_late("+inf") end
  budget = budget - left
  set("credit", credit - budget * 60000)
  set("refilled_ms", clock)
  set("now_serving", now_serving)
  set("gap_ahead", gap_ahead)
  if budget > 0 then redis.call("HINCRBY", state, "called", budget) end
  if advanced > 0 then redis.call("HINCRBY", state, "advanced", advanced) end
end

redis.call("HSET", state, unpack(write))
if budget > 0 or #expired > 0 or #missed > 0 then
  redis.call("XADD", journal, "*", "kind", "tick", "at", clock, "epoch", epoch, "ranges", table.concat(ranges, " "),
    "again", table.concat(again, " "), "expired", table.concat(expired, " "), "missed", #missed)
end
return { "ticked", budget, now_serving, clock, joined }
