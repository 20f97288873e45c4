"""The rules of the log's scripts, each taken out on its own.

What nobody would ask for unless another rule were broken as well, only the comparison with the model
finds out; the machine has to find out the rest by itself.
"""

from typing import Final

from tests.model.mutation import Mutant

_CLOSED: Final = Mutant("append.lua", "if held[3] then return {'CLOSED', head, -1, control} end")
_REOPENED: Final = Mutant("claim.lua", "if held[3] then return answer('CLOSED') end")

FOUND_BY_THE_MACHINE: Final = {
    "append asks for no fence": [
        Mutant("append.lua", "if owner ~= epoch then return {'FENCED', head, -1, control} end")
    ],
    "append repeats": [Mutant("append.lua", "if previous < head then return {'DUP', head, -1, control} end")],
    "append leaves gaps": [
        Mutant("append.lua", "if previous > head then return {'GAP', head, -1, control} end")
    ],
    "append forgets the end": [
        Mutant("append.lua", "if rest == 'closes' then fields", "if false then fields")
    ],
    "append publishes another number": [Mutant("append.lua", "(previous + 1)", "(previous + 2)")],
    "a job goes on after its end": [_CLOSED, _REOPENED],
    "claim begins too late": [Mutant("claim.lua", "':' .. (head + 1)", "':' .. (head + 2)")],
    "claim begins too early": [Mutant("claim.lua", "':' .. (head + 1)", "':' .. head")],
    "claim forgets the earlier epochs": [Mutant("claim.lua", "gmatch(epochs or '',", "gmatch('',")],
    "compact trims too far": [Mutant("compact.lua", "'MINID', first", "'MINID', (first + 1)")],
    "compact calls back what was trimmed": [
        Mutant("compact.lua", "math.max(tonumber(ARGV[3]), tonumber(held[3]))", "tonumber(ARGV[3])")
    ],
    "renew asks for no fence": [
        Mutant("renew.lua", "if held[1] ~= epoch then return {'FENCED', head, -1, control} end")
    ],
    "renew keeps back what is asked": [Mutant("renew.lua", "KEYS[4])[2], control}", "KEYS[4])[2], ''}")],
}

FOUND_BY_COMPARISON: Final = FOUND_BY_THE_MACHINE | {
    "append goes on after the end": [_CLOSED],
    "append takes a lost log for an empty one": [
        Mutant("append.lua", "{'GAP', -1, -1, ''}", "{'GAP', 0, -1, ''}")
    ],
    "append does not let go of a job that waits": [
        Mutant("append.lua", "redis.call('HDEL', meta, 'runs', 'worker')")
    ],
    "append renews no lease": [Mutant("append.lua", "'lease', now_ms + lease_ms", "'lease', 1")],
    "append counts what was handed back as failed": [
        Mutant("append.lua", "if rest == 'returns' then redis.call('HINCRBY', meta, 'spared', 1) end")
    ],
    "append keeps the request of a job that has ended": [
        Mutant("append.lua", "if rest == 'closes' then redis.call('DEL', request) end")
    ],
    "claim counts its repetitions": [Mutant("claim.lua", "if string.find", "if false and string.find")],
    "claim reopens a job": [_REOPENED],
    "claim says that it has what an heir has": [
        Mutant("claim.lua", "owner == epoch and 'OK' or 'FENCED'", "'OK'")
    ],
    "claim keeps no request": [
        Mutant("claim.lua", "if ARGV[7] ~= '' then redis.call('SET', request, ARGV[7]) end")
    ],
    "start takes a job from a living attempt": [
        Mutant("claim.lua", "if mode == 'start' and runs and tonumber(lease) > now_ms", "if false")
    ],
    "take asks for no publisher": [
        Mutant(
            "claim.lua",
            "if mode == 'take' and redis.call('HGET', meta, 'publisher') ~= seen then"
            " return answer('UNKNOWN') end",
        )
    ],
    "take is no attempt": [Mutant("claim.lua", "mode == 'start' or mode == 'take'", "mode == 'start'")],
    "start waits for a dead attempt": [Mutant("claim.lua", " and tonumber(lease) > now_ms")],
    "settle takes a job from an attempt": [
        Mutant("claim.lua", "if mode == 'settle' and runs then return answer('BUSY') end")
    ],
    "bury compares no lease": [
        Mutant("claim.lua", "if mode == 'bury' and lease ~= seen then return answer('BUSY') end")
    ],
    "bury counts no loss": [Mutant("claim.lua", "losses, spared = losses + 1,", "losses, spared = losses,")],
    "bury counts the attempt as failed": [
        Mutant("claim.lua", "losses + 1, spared + 1", "losses + 1, spared")
    ],
    "bury leaves the job to the dead": [
        Mutant("claim.lua", "begins or mode == 'remake' then\n  redis", "true then\n  redis")
    ],
    "remake takes the job from anybody": [
        Mutant("claim.lua", "if mode == 'remake' and owner ~= seen then return answer('BUSY') end")
    ],
    "remake forgets the attempt": [
        Mutant(
            "claim.lua",
            "if mode == 'remake' then attempt = tonumber(redis.call('HGET', meta, 'attempt') or 0) end",
        )
    ],
    "renew renews nothing": [Mutant("renew.lua", "redis.call('HSET', meta, 'lease', now_ms + lease_ms)")],
    "renew outlives the end": [
        Mutant("renew.lua", "if held[3] then return {'CLOSED', head, -1, control} end")
    ],
    "request overrides a cancel": [Mutant("request.lua", "if not held[7] then redis", "if true then redis")],
    "request hides that an attempt is under way": [Mutant("request.lua", "held[5] and 1 or 0", "0")],
    "request is left to a job that has ended": [
        Mutant("request.lua", "if held[3] then return {'CLOSED', status, attempt, 0} end")
    ],
    "compact asks for no fence": [Mutant("compact.lua", "if held[1] ~= ARGV[1] then return 'FENCED' end")],
    "compact runs ahead of the log": [
        Mutant("compact.lua", "if tonumber(held[2]) < tonumber(ARGV[5]) then return 'GAP' end")
    ],
}
