"""All measurements with the native load client: each program, peer by peer.

A peer that cannot be had, or whose server breaks, is told of with its reason; Jobcast must not break.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from bench.fanout.memory import measure_memory
from bench.fanout.node_peer import LeftOut
from bench.fanout.overload import measure_overload
from bench.fanout.slow import measure_slow
from bench.fanout.stage import Tools
from bench.fanout.steps import measure_scenario
from bench.fanout.storm import measure_storm
from bench.measurement import Measurement
from bench.options import Options, Program
from bench.orders import Peer
from bench.processes import BenchError

Say = Callable[[str], None]
PROGRAMS: Final = (Program.FANOUT, Program.MEMORY, Program.STORM, Program.SLOW, Program.OVERLOAD)
_KEEP_A_LOG: Final = (Peer.JOBCAST, Peer.PYTHON, Peer.NODE)
_LONGEST_REASON: Final = 100


def most_of(program: Program, options: Options) -> int:
    """How many measurements a program has at most: a peer that fails has fewer."""
    match program:
        case Program.FANOUT:
            rates = sum(len(scenario.rates) for scenario in options.scenarios)
            return rates * len(Peer) * options.rounds
        case Program.MEMORY:
            return len(Peer) * options.rounds
        case _:
            return options.rounds + len(_KEEP_A_LOG) - 1


def measure(options: Options, tools: Tools, on_step: Say) -> Iterator[Measurement]:
    """All chosen programs of `PROGRAMS`."""
    if Program.FANOUT in options.programs:
        yield from _fanout(options, tools, on_step)
    for program in PROGRAMS[1:]:
        if program in options.programs:
            yield from _rounds(program, options, tools, on_step)


def _fanout(options: Options, tools: Tools, on_step: Say) -> Iterator[Measurement]:
    for scenario in options.scenarios:
        for peer in Peer:
            on_step(f"fanout, {scenario.name}: {peer}")
            run = partial(
                measure_scenario, scenario, peer, tools, rounds=options.rounds, seconds=options.fanout_s
            )
            yield from _guarded(Program.FANOUT, peer, run, variant=scenario.variant(scenario.rates[0]))


def _rounds(program: Program, options: Options, tools: Tools, on_step: Say) -> Iterator[Measurement]:
    """Peers take long over what they are not made for: all but *memory* they have to do once."""
    for number in range(1, options.rounds + 1):
        for peer in Peer if program is Program.MEMORY else _KEEP_A_LOG:
            if number == 1 or program is Program.MEMORY or peer is Peer.JOBCAST:
                on_step(f"{program}, round {number}: {peer}")
                run = partial(_one, program, peer, options, tools, number)
                yield from _guarded(program, peer, run)


def _one(program: Program, peer: Peer, options: Options, tools: Tools, number: int) -> Iterator[Measurement]:
    match program:
        case Program.MEMORY:
            yield measure_memory(peer, tools, connections=options.idle, number=number)
        case Program.STORM:
            followers, behind = options.returning, options.behind
            yield measure_storm(peer, tools, followers=followers, behind=behind, number=number)
        case Program.SLOW:
            yield measure_slow(peer, tools, seconds=options.slow_s, number=number)
        case _:
            jobs, followers = options.overloaded
            yield measure_overload(
                peer, tools, jobs=jobs, followers=followers, seconds=options.overload_s, number=number
            )


def _guarded(
    program: Program, peer: Peer, run: Callable[[], Iterable[Measurement]], *, variant: str = ""
) -> Iterator[Measurement]:
    try:
        yield from run()
    except LeftOut as reason:
        yield Measurement(program, peer, 1, True, {}, variant, f"left out: {reason}")
    except BenchError as error:
        if peer is Peer.JOBCAST:
            raise
        said = " ".join(str(error).split())[:_LONGEST_REASON]
        yield Measurement(program, peer, 1, True, {}, variant, f"fails: {said}")
