-- Replaces the oldest part of a job's log by a snapshot, so that a long job stays bounded.
--
-- KEYS  1 meta   2 log   3 base
-- ARGV  1 epoch       the writer
--       2 ttl_ms      how long the snapshot lives from now
--       3 keep_from   the first sequence that stays in the log
--       4 base        JSON of the snapshot; it stands for everything up to its sequence
--       5 sequence    the snapshot's sequence, at least keep_from - 1
-- Returns OK, FENCED, or GAP when the log does not reach up to the snapshot
local meta, log, base = KEYS[1], KEYS[2], KEYS[3]
local held = redis.call('HMGET', meta, 'epoch', 'head', 'first')
if held[1] ~= ARGV[1] then return 'FENCED' end
if tonumber(held[2]) < tonumber(ARGV[5]) then return 'GAP' end
redis.call('SET', base, ARGV[4], 'PX', ARGV[2])
-- A new writer does not know what an earlier one trimmed: the log's beginning never moves back.
local first = math.max(tonumber(ARGV[3]), tonumber(held[3]))
redis.call('XTRIM', log, 'MINID', first .. '-0')
redis.call('HSET', meta, 'first', first)
return 'OK'
