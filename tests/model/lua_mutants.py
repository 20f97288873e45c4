"""The rules of the log's scripts, each taken out on its own.

What nobody would ask for unless another rule were broken as well, only the comparison with the model
finds out; the machine has to find out the rest by itself.
"""

from typing import Final

from tests.model.mutation import Mutant

_CLOSED: Final = Mutant("append.lua", "if held[3] then return {'CLOSED', head, 0, control} end")
_REOPENED: Final = Mutant("claim.lua", "if held[3] then return {'CLOSED', head, attempt, held[5] or ''} end")

FOUND_BY_THE_MACHINE: Final = {
    "append asks for no fence": [
        Mutant("append.lua", "if owner ~= epoch then return {'FENCED', head, 0, control} end")
    ],
    "append repeats": [Mutant("append.lua", "if previous < head then return {'DUP', head, 0, control} end")],
    "append leaves gaps": [
        Mutant("append.lua", "if previous > head then return {'GAP', head, 0, control} end")
    ],
    "append forgets the end": [Mutant("append.lua", "if closes then fields", "if false then fields")],
    "append publishes another number": [Mutant("append.lua", "(previous + 1)", "(previous + 2)")],
    "a job goes on after its end": [_CLOSED, _REOPENED],
    "claim begins too late": [Mutant("claim.lua", "':' .. (head + 1)", "':' .. (head + 2)")],
    "claim begins too early": [Mutant("claim.lua", "':' .. (head + 1)", "':' .. head")],
    "claim forgets the earlier epochs": [Mutant("claim.lua", "gmatch(epochs or '',", "gmatch('',")],
    "compact trims too far": [Mutant("compact.lua", "'MINID', first", "'MINID', (first + 1)")],
    "compact calls back what was trimmed": [
        Mutant("compact.lua", "math.max(tonumber(ARGV[3]), tonumber(held[3]))", "tonumber(ARGV[3])")
    ],
    "claim counts its repetitions": [
        Mutant("claim.lua", "if epochs and string.find", "if false and string.find")
    ],
}

FOUND_BY_COMPARISON: Final = FOUND_BY_THE_MACHINE | {
    "append goes on after the end": [_CLOSED],
    "append takes a lost log for an empty one": [
        Mutant("append.lua", "{'GAP', -1, 0, ''}", "{'GAP', 0, 0, ''}")
    ],
    "claim reopens a job": [_REOPENED],
    "claim says that it has what an heir has": [
        Mutant("claim.lua", "held[6] == epoch and 'OK' or 'FENCED'", "'OK'")
    ],
    "compact asks for no fence": [Mutant("compact.lua", "if held[1] ~= ARGV[1] then return 'FENCED' end")],
    "compact runs ahead of the log": [
        Mutant("compact.lua", "if tonumber(held[2]) < tonumber(ARGV[5]) then return 'GAP' end")
    ],
}
