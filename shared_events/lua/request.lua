-- Leaves a request (cancel, pause, resume) for whoever writes the job; the next append answers with it.
--
-- KEYS  1 meta
-- ARGV  1 control   JSON of the request
-- Returns {answer, status, attempt}; answer is OK, CLOSED or UNKNOWN
local held = redis.call('HMGET', KEYS[1], 'status', 'attempt', 'closed', 'epoch')
if not held[4] then return {'UNKNOWN', '', 0} end
local status, attempt = held[1] or '', tonumber(held[2] or 0)
if held[3] then return {'CLOSED', status, attempt} end
redis.call('HSET', KEYS[1], 'control', ARGV[1])
return {'OK', status, attempt}
