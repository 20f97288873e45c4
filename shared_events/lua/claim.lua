-- Gives a job's log to a new writer: its epoch fences all earlier ones, the sequence goes on.
--
-- KEYS  1 meta   2 log   3 base   4 request
-- ARGV  1 epoch        the new writer's random id
--       2 lease_ms     how long the writer is taken for alive without an append
--       3 ttl_ms       how long the job's keys live from now
--       4 max_epochs   how many epochs the list keeps
--       5 mode         "create"  the log must be new
--                      "start"   a new attempt; refused while another one is alive
--                      "take"    a new attempt by a publisher from outside, whether the one before it is alive or
--                                not; UNKNOWN if the job was not given to one whose `publisher` is `seen`
--                      "settle"  by whoever is no attempt; refused while an attempt is under way
--                      "bury"    after an attempt that is lost; refused if the lease is not `seen` any more
--                      "remake"  by the writer itself whose log or claim was lost; refused if another than
--                                `seen` owns it
--       6 seen         the lease (bury) or the epoch (remake) that the caller has seen; take: its publisher
--       7 request      what the job was asked to do, kept beside a log that is made now
--       8… name value  fields of the meta hash
-- Returns {answer, head, attempt, control, losses, spared, epochs}; answer is OK, CLOSED, FENCED (succeeded by
-- another), UNKNOWN (no log, and not to be made), EXISTS (a log, and it was to be new) or BUSY (refused as
-- `mode` says). losses counts the attempts that died, spared those that count as no failure of the agent;
-- strays, kept beside them, how often the job was lost before an attempt began.
local meta, log, base, request = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local epoch, lease_ms, ttl_ms, max_epochs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local mode, seen = ARGV[5], ARGV[6]
local FIRST_FIELD = 8

local held = redis.call('HMGET', meta, 'epochs', 'head', 'closed', 'attempt', 'control', 'epoch', 'runs', 'lease',
  'losses', 'spared', 'strays')
local epochs, owner, runs, lease = held[1], held[6], held[7], held[8] or ''
local head, attempt, control = tonumber(held[2] or 0), tonumber(held[4] or 0), held[5] or ''
local losses, spared = tonumber(held[9] or 0), tonumber(held[10] or 0)
local function answer(word) return {word, head, attempt, control, losses, spared, epochs or ''} end

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
if not epochs and mode ~= 'create' and mode ~= 'remake' then return answer('UNKNOWN') end
if mode == 'take' and redis.call('HGET', meta, 'publisher') ~= seen then return answer('UNKNOWN') end
if epochs then
  -- A claim that is repeated, because its reply was lost, is one claim; and it takes nothing back from an heir.
  if string.find(' ' .. epochs, ' ' .. epoch .. ':', 1, true) then
    return answer(owner == epoch and 'OK' or 'FENCED')
  end
  if mode == 'create' then return answer('EXISTS') end
  if held[3] then return answer('CLOSED') end
  if mode == 'start' and runs and tonumber(lease) > now_ms then return answer('BUSY') end
  if mode == 'settle' and runs then return answer('BUSY') end
  if mode == 'bury' and lease ~= seen then return answer('BUSY') end
  if mode == 'remake' and owner ~= seen then return answer('BUSY') end
else
  -- What a lost meta hash left behind belongs to no history that anyone could still check.
  redis.call('DEL', log, base)
  redis.call('HSET', meta, 'first', 1, 'status', 'queued', 'created', now_ms, 'attempt', 0)
  if ARGV[7] ~= '' then redis.call('SET', request, ARGV[7]) end
end

if #ARGV >= FIRST_FIELD then redis.call('HSET', meta, unpack(ARGV, FIRST_FIELD)) end
local list = {}
for known in string.gmatch(epochs or '', '%S+') do list[#list + 1] = known end
list[#list + 1] = epoch .. ':' .. (head + 1)
local begins = mode == 'start' or mode == 'take'
if begins then attempt = attempt + 1 end
if mode == 'remake' then attempt = tonumber(redis.call('HGET', meta, 'attempt') or 0) end
if mode == 'bury' then
  if runs then
    losses, spared = losses + 1, spared + 1
    redis.call('HSET', meta, 'losses', losses, 'spared', spared)
  else
    redis.call('HSET', meta, 'strays', tonumber(held[11] or 0) + 1)
  end
end
if begins or mode == 'remake' then
  redis.call('HSET', meta, 'runs', 1)
else
  redis.call('HDEL', meta, 'runs', 'worker')
end
redis.call('HSET', meta, 'epoch', epoch, 'head', head, 'attempt', attempt, 'lease', now_ms + lease_ms,
  'epochs', table.concat(list, ' ', math.max(1, #list - max_epochs + 1)), 'expires', now_ms + ttl_ms)
for _, key in ipairs({meta, log, base, request}) do redis.call('PEXPIRE', key, ttl_ms) end
return answer('OK')
