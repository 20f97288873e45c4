-- Leaves a request (cancel, pause, resume) for whoever runs the job: the next append answers with it, and
-- the worker is told at once. Nothing overrides a cancel.
--
-- KEYS  1 meta
-- ARGV  1 control    JSON of the request
--       2 cancels    "1" for a cancel
--       3 workers    the channel of a worker is this, followed by its name
--       4 job_id     what the worker is told
-- Returns {answer, status, attempt, runs}; answer is OK, CLOSED or UNKNOWN; runs is 1 while an attempt is under way
local meta = KEYS[1]
local held = redis.call('HMGET', meta, 'status', 'attempt', 'closed', 'epoch', 'runs', 'worker', 'cancelled')
if not held[4] then return {'UNKNOWN', '', 0, 0} end
local status, attempt = held[1] or '', tonumber(held[2] or 0)
if held[3] then return {'CLOSED', status, attempt, 0} end
if not held[7] then redis.call('HSET', meta, 'control', ARGV[1]) end
if ARGV[2] == '1' then redis.call('HSET', meta, 'cancelled', 1) end
if held[6] then redis.call('PUBLISH', ARGV[3] .. held[6], ARGV[4]) end
return {'OK', status, attempt, held[5] and 1 or 0}
