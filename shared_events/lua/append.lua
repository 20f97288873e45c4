-- Appends a batch of events to a job's log, publishes it and renews the job's lease, in one step.
--
-- KEYS  1 meta   2 log   3 base   4 channel   5 request
-- ARGV  1 epoch          the writer
--       2 previous       the sequence after which the batch goes
--       3 lease_ms       how long the writer is taken for alive
--       4 ttl_ms         how long the job's keys live from now
--       5 status         the job's status after the batch; "" leaves it
--       6 rest           what becomes of the job after the batch: "" it goes on, "closes" it has ended,
--                        "waits" for another attempt, "returns" as "waits" for one that counts as no failure
--       7 announce_bytes a larger batch is announced on the bus without its events
--       8… events        finished JSON; none at all only renews the lease
-- Returns {answer, head, listeners, control}; listeners is -1 if nothing was published; answer is
--   OK      written
--   DUP     the log is already ahead of `previous`: the batch, or its beginning, is there
--   GAP     the log ends before `previous`: it lost its tail, the writer replays from head + 1
--   FENCED  another writer owns the job
--   CLOSED  the terminal event has been written
local meta, log, base, channel, request = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local epoch, previous = ARGV[1], tonumber(ARGV[2])
local lease_ms, ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local status, rest, announce_bytes = ARGV[5], ARGV[6], tonumber(ARGV[7])
local FIRST_EVENT = 8

local held = redis.call('HMGET', meta, 'epoch', 'head', 'closed', 'control', 'expires')
local owner, head, control = held[1], tonumber(held[2] or 0), held[4] or ''

-- A log that is gone altogether cannot be replayed into: head -1 tells it from an empty one.
if not owner then return {'GAP', -1, -1, ''} end
if owner ~= epoch then return {'FENCED', head, -1, control} end
if held[3] then return {'CLOSED', head, -1, control} end
if previous < head then return {'DUP', head, -1, control} end
if previous > head then return {'GAP', head, -1, control} end

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local count = #ARGV - FIRST_EVENT + 1
local bytes = 0
for i = FIRST_EVENT, #ARGV do
  head = head + 1
  bytes = bytes + #ARGV[i]
  redis.call('XADD', log, head .. '-0', 'e', ARGV[i])
end

local fields = {'head', head, 'lease', now_ms + lease_ms}
if status ~= '' then fields[#fields + 1] = 'status'; fields[#fields + 1] = status end
if rest == 'closes' then fields[#fields + 1] = 'closed'; fields[#fields + 1] = '1' end
-- Expiry is set with the first event, and again when a tenth of it has passed and at the end: most
-- appends do without.
local expires = tonumber(held[5])
if previous == 0 or rest == 'closes' or expires - now_ms < 0.9 * ttl_ms then
  fields[#fields + 1] = 'expires'; fields[#fields + 1] = now_ms + ttl_ms
  for _, key in ipairs({meta, log, base, request}) do redis.call('PEXPIRE', key, ttl_ms) end
end
redis.call('HSET', meta, unpack(fields))
if rest ~= '' then
  redis.call('HDEL', meta, 'runs', 'worker')
  if rest == 'returns' then redis.call('HINCRBY', meta, 'spared', 1) end
  if rest == 'closes' then redis.call('DEL', request) end
end

-- Published inside the script: a reader that sees sequence N on the bus can always read N from the log.
local listeners = -1
if count > 0 then
  local heading = epoch .. ' ' .. (previous + 1) .. ' ' .. count
  if bytes <= announce_bytes then heading = heading .. '\n' .. table.concat(ARGV, '\n', FIRST_EVENT) end
  listeners = redis.call('PUBLISH', channel, heading)
end
return {'OK', head, listeners, control}
