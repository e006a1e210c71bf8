#!lua
local state, positions, calls, admissions, late, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local generation, now_ms, lead_ms, floor, lag_cap, batch = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]),
  tonumber(ARGV[5]), ARGV[6]

-- Gives every account of a batch its position, once. batch: each separated by a space, an account, or account:position:joined_ms
-- when it showed a receipt that the caller has verified; one text, because each argument costs the caller. An account that is known keeps what it has, whatever the phase.
-- Whoever has used up a turn asks for another by joining again: behind everybody (2^40 + position), unless called or inside.
-- floor: the highest position this process answered; a room that counts lower is stale.
-- Reply: { "joined", phase, each... } with each = known:position:joined_ms | first:position:joined_ms | closed | full | busy
--        | settling: the room was rebuilt a moment ago, and takes receipts alone
--        { "run", position, count, joined_ms }: each of the batch is first, at consecutive positions
--        { "recovering" }
local saved = redis.call("HMGET", state, "generation", "joined", "now_serving", "clock_ms", "queue_opens_ms", "opens_ms",
  "ends_ms", "cap", "paused", "closed", "sold_out", "gap_ahead", "journaled", "gaps", "settles_ms")
if saved[1] ~= generation or tonumber(saved[2]) < floor then return { "recovering" } end
local joined, now_serving, clock_ms = tonumber(saved[2]), tonumber(saved[3]), tonumber(saved[4])
local now = math.max(clock_ms, math.min(now_ms, clock_ms + lead_ms))
local cap, gap_ahead, journaled, gaps = tonumber(saved[8]), tonumber(saved[12]), tonumber(saved[13]), saved[14]
local settling = saved[15] and now < tonumber(saved[15])

-- The same order of questions as phaseOf in phase.ts.
local phase = "open"
if saved[10] == "1" or now >= tonumber(saved[7]) then phase = "closed"
elseif now < tonumber(saved[5]) then phase = "scheduled"
elseif now < tonumber(saved[6]) then phase = "queueing"
elseif saved[11] == "1" then phase = "sold_out"
elseif saved[9] == "1" then phase = "paused" end
local takes_joins = phase == "queueing" or phase == "open" or phase == "paused"

local accounts, receipts = {}, {}
for each in string.gmatch(batch, "[^ ]+") do accounts[#accounts + 1] = each end
if string.find(batch, ":", 1, true) then
  for index, each in ipairs(accounts) do
    local account, position, joined_ms = string.match(each, "^([^:]+):(%d+):(%d+)$")
    if account then
      accounts[index] = account
      receipts[account] = { tonumber(position), joined_ms }
    end
  end
end
local known = redis.call("HMGET", positions, unpack(accounts))
local waiting = joined - now_serving - gap_ahead
if gap_ahead > 0 then waiting = waiting + redis.call("ZCOUNT", late, "(" .. now_serving, joined) end

-- A receipt may only fill a position that nobody of this copy can have: inside a gap, or beyond the counter.
local function is_free(position)
  if position > joined then return position <= joined + 1000000 end
  for from, to in string.gmatch(gaps, "(%d+)-(%d+)") do
    if position >= tonumber(from) and position <= tonumber(to) then return true end
  end
  return false
end

-- Receipts first, so that the newcomers of the batch get one run of positions.
local answers, given, entries, fresh, restored, ahead, first = {}, {}, {}, {}, {}, {}, joined + 1
local function put(account, position, joined_ms)
  given[account] = position .. ":" .. joined_ms
  entries[#entries + 1] = account
  entries[#entries + 1] = given[account]
end
for index, account in ipairs(accounts) do
  local receipt = receipts[account]
  if receipt and not known[index] and not given[account] and phase ~= "closed" and is_free(receipt[1]) then
    local position = receipt[1]
    if position > joined + 1 then
      gaps = gaps .. (gaps == "" and "" or ",") .. (joined + 1) .. "-" .. (position - 1)
      gap_ahead = gap_ahead + position - 1 - joined
    elseif position <= joined and position > now_serving then
      ahead[#ahead + 1] = position
      ahead[#ahead + 1] = account
    end
    if position > joined then joined, first = position, position + 1 end
    if position > now_serving then waiting = waiting + 1 end
    put(account, position, receipt[2])
    restored[#restored + 1] = account .. ":" .. given[account]
  end
end
for index, account in ipairs(accounts) do
  if known[index] or given[account] then
    answers[index] = "known:" .. (known[index] or given[account])
    local used = takes_joins and known[index] and string.match(known[index], "^(%d+):%d+:used$")
    if used and redis.call("HEXISTS", admissions, account) == 0 and not redis.call("ZSCORE", calls, used) then
      redis.call("ZADD", late, "NX", 1099511627776 + tonumber(used), account)
    end
  elseif not takes_joins then
    answers[index] = "closed"
  elseif settling then
    answers[index] = "settling"
  elseif waiting >= cap then
    answers[index] = "full"
  elseif joined - journaled >= lag_cap then
    answers[index] = "busy"
  else
    joined = joined + 1
    waiting = waiting + 1
    put(account, joined, now)
    fresh[#fresh + 1] = account
    answers[index] = "first:" .. given[account]
  end
end

if #entries > 0 then
  redis.call("HSET", positions, unpack(entries))
  redis.call("HSET", state, "joined", joined)
  if #restored > 0 then redis.call("HSET", state, "gaps", gaps, "gap_ahead", gap_ahead) end
  if #ahead > 0 then redis.call("ZADD", late, unpack(ahead)) end
  if #restored > 0 then
    redis.call("XADD", journal, "*", "kind", "restore", "at", now, "entries", table.concat(restored, " "))
  end
  if #fresh > 0 then
    redis.call("XADD", journal, "*", "kind", "join", "at", now, "from", first, "accounts", table.concat(fresh, " "))
  end
end
if #fresh == #accounts then return { "run", first, #fresh, now } end
return { "joined", phase, unpack(answers) }
