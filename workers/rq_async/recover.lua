-- Takes a job off the intermediate list: back to the front of its queue if it has never been started.
--
-- KEYS  1 intermediate  the list that popped jobs pass through
--       2 queue
--       3 job           its hash
--       4 first_seen    when the job was first noticed in the intermediate list
-- ARGV  1 job_id
-- Returns what has been done:
--   GONE      nothing: somebody else took it off
--   DROPPED   the job has been started, has ended or is no more: its entry was a leftover
--   QUEUED    it stands in the queue already
--   RECOVERED it is the next to be popped
local intermediate, queue, job, first_seen = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local job_id = ARGV[1]

redis.call('DEL', first_seen)
if redis.call('LREM', intermediate, 1, job_id) == 0 then return 'GONE' end
if redis.call('HGET', job, 'status') ~= 'queued' then return 'DROPPED' end
if redis.call('LPOS', queue, job_id) then return 'QUEUED' end
redis.call('LPUSH', queue, job_id)
return 'RECOVERED'
