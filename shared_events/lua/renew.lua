-- Renews the lease of a silent job, and tells its writer whether there is anything to look after.
--
-- KEYS  1 meta   2 log   3 base   4 channel   5 request
-- ARGV  1 epoch      the writer
--       2 lease_ms   how long the writer is taken for alive
--       3 ttl_ms     how long the job's keys live from now
-- Returns {answer, head, listeners, control}, as append does; head is -1 when the log is gone
local meta = KEYS[1]
local epoch, lease_ms, ttl_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', meta, 'epoch', 'head', 'closed', 'control', 'expires')
local head, control = tonumber(held[2] or 0), held[4] or ''
if not held[1] then return {'GAP', -1, -1, ''} end
if held[1] ~= epoch then return {'FENCED', head, -1, control} end
if held[3] then return {'CLOSED', head, -1, control} end

local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', meta, 'lease', now_ms + lease_ms)
if tonumber(held[5]) - now_ms < 0.9 * ttl_ms then
  redis.call('HSET', meta, 'expires', now_ms + ttl_ms)
  for _, key in ipairs({meta, KEYS[2], KEYS[3], KEYS[5]}) do redis.call('PEXPIRE', key, ttl_ms) end
end
return {'OK', head, redis.call('PUBSUB', 'NUMSUB', KEYS[4])[2], control}
