-- Gives a job's log to a new writer: its epoch fences all earlier ones, the sequence goes on.
--
-- KEYS  1 meta   2 log   3 base
-- ARGV  1 epoch        the new writer's random id
--       2 lease_ms     how long the writer is taken for alive without an append
--       3 ttl_ms       how long the job's keys live from now
--       4 attempts     added to the job's attempt counter (0 or 1)
--       5 max_epochs   how many epochs the list keeps
--       6 creates      "only": the log must be new; "may": it is made if there is none; "": it must exist
--       7… name value  fields for a log that is made now
-- Returns {answer, head, attempt, control}; answer is OK, CLOSED, FENCED (succeeded by another), UNKNOWN (no log, and not to be
-- made) or EXISTS (a log, and it was to be new)
local meta, log, base = KEYS[1], KEYS[2], KEYS[3]
local epoch, lease_ms, ttl_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local attempts, max_epochs, creates = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local FIRST_FIELD = 7

local held = redis.call('HMGET', meta, 'epochs', 'head', 'closed', 'attempt', 'control', 'epoch')
local epochs, head, attempt = held[1], tonumber(held[2] or 0), tonumber(held[4] or 0)
if not epochs and creates == '' then return {'UNKNOWN', 0, 0, ''} end
-- A claim that is repeated, because its reply was lost, is one claim; and it takes nothing back from an heir.
if epochs and string.find(' ' .. epochs, ' ' .. epoch .. ':', 1, true) then
  return {held[6] == epoch and 'OK' or 'FENCED', head, attempt, held[5] or ''}
end
if epochs and creates == 'only' then return {'EXISTS', head, attempt, held[5] or ''} end
if held[3] then return {'CLOSED', head, attempt, held[5] or ''} end

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
if not epochs then
  -- What a lost meta hash left behind belongs to no history that anyone could still check.
  redis.call('DEL', log, base)
  redis.call('HSET', meta, 'first', 1, 'status', 'queued', 'created', now_ms)
  if #ARGV >= FIRST_FIELD then redis.call('HSET', meta, unpack(ARGV, FIRST_FIELD)) end
  attempt = tonumber(redis.call('HGET', meta, 'attempt') or 0)
end

local list = {}
for known in string.gmatch(epochs or '', '%S+') do list[#list + 1] = known end
list[#list + 1] = epoch .. ':' .. (head + 1)
attempt = attempt + attempts
redis.call('HSET', meta, 'epoch', epoch, 'head', head, 'attempt', attempt, 'lease', now_ms + lease_ms,
  'epochs', table.concat(list, ' ', math.max(1, #list - max_epochs + 1)), 'expires', now_ms + ttl_ms)
for _, key in ipairs({meta, log, base}) do redis.call('PEXPIRE', key, ttl_ms) end
return {'OK', head, attempt, held[5] or ''}
