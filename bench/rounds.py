"""All measurements of a run, the systems in turns, so that what else the machine does hits all of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench.append import all_appends, measure_append
from bench.fan_out import burst, measure_fan_out, paced
from bench.fanout import runs
from bench.fanout.native import build
from bench.fanout.stage import Tools
from bench.measurement import Measurement
from bench.options import Options, Program
from bench.orders import System
from bench.processes import Processes
from bench.publish import measure_publish
from bench.reading.program import all_readings, measure_reading
from bench.redis_server import RedisServer, redis_server
from bench.servers import serving
from bench.streams import all_streams, measure_streams

Say = Callable[[str], None]
_FAN_OUTS = {Program.BURST: burst, Program.PACED: paced}


def count_of(options: Options) -> int:
    """How many measurements a run has; in the programs of `bench.fanout` it may have fewer."""
    in_a_round = {
        Program.APPEND: len(all_appends(options)),
        Program.STREAMS: len(all_streams(options)),
        Program.BACKENDS: len(list(all_readings(options, number=1))),
    }
    native = [program for program in options.programs if program in runs.PROGRAMS]
    others = [program for program in options.programs if program not in runs.PROGRAMS]
    return options.rounds * sum(in_a_round.get(program, len(System)) for program in others) + sum(
        runs.most_of(program, options) for program in native
    )


def measure(options: Options, processes: Processes, *, on_step: Say) -> Iterator[Measurement]:
    """`on_step` is told what is measured next. Raises `BenchError`."""
    native = build() if any(program in runs.PROGRAMS for program in options.programs) else None
    with redis_server(processes) as redis:
        if Program.PUBLISH in options.programs:
            yield from _publish(options, processes, redis, on_step)
        if Program.APPEND in options.programs:
            yield from _append(options, processes, redis, on_step)
        if Program.STREAMS in options.programs:
            yield from _streams(options, processes, redis, on_step)
        if Program.BACKENDS in options.programs:
            yield from _backends(options, processes, on_step)
        yield from _fan_out(options, processes, redis, on_step)
        if native is not None:
            yield from runs.measure(options, Tools(processes, redis, native), on_step)


def _publish(
    options: Options, processes: Processes, redis: RedisServer, on_step: Say
) -> Iterator[Measurement]:
    for number, system in _turns(options):
        on_step(f"publish, round {number}: {system}")
        yield measure_publish(processes, redis, system, events=options.published, number=number)


def _append(
    options: Options, processes: Processes, redis: RedisServer, on_step: Say
) -> Iterator[Measurement]:
    for number in range(1, options.rounds + 1):
        for append in all_appends(options):
            on_step(f"append, round {number}: {append.variant}")
            yield measure_append(append, processes, redis, number=number)


def _streams(
    options: Options, processes: Processes, redis: RedisServer, on_step: Say
) -> Iterator[Measurement]:
    for number in range(1, options.rounds + 1):
        for one in all_streams(options):
            on_step(f"streams, round {number}: {one.runner}, {one.variant}")
            yield measure_streams(one, processes, redis, window_s=options.window_s, number=number)
    redis.clear()


def _backends(options: Options, processes: Processes, on_step: Say) -> Iterator[Measurement]:
    for number in range(1, options.rounds + 1):
        for reading in all_readings(options, number):
            on_step(f"backends, round {number}: {reading.reader}, {reading.variant}")
            yield measure_reading(reading, processes, number=number)


def _fan_out(
    options: Options, processes: Processes, redis: RedisServer, on_step: Say
) -> Iterator[Measurement]:
    fan_outs = [fan_out(options) for program, fan_out in _FAN_OUTS.items() if program in options.programs]
    if not fan_outs:
        return
    with ExitStack() as stack:
        servers = {system: stack.enter_context(serving(system, processes, redis.url)) for system in System}
        for fan_out in fan_outs:
            for number, system in _turns(options):
                on_step(f"{fan_out.program}, round {number}: {system}")
                yield measure_fan_out(fan_out, processes, redis, servers[system], number=number)


def _turns(options: Options) -> Iterator[tuple[int, System]]:
    """Who goes first changes with every round."""
    for number in range(1, options.rounds + 1):
        order = list(System) if number % 2 else list(reversed(System))
        for system in order:
            yield number, system
