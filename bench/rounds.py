"""All measurements of a run, both systems in turns, so that what else the machine does hits both."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench.fan_out import burst, measure_fan_out, paced
from bench.measurement import Measurement
from bench.options import Options
from bench.orders import System
from bench.processes import Processes
from bench.publish import measure_publish
from bench.redis_server import redis_server
from bench.servers import serving

Say = Callable[[str], None]


def count_of(options: Options) -> int:
    """How many measurements a run has."""
    return options.rounds * len(System) * 3


def measure(options: Options, processes: Processes, *, on_step: Say) -> Iterator[Measurement]:
    """`on_step` is told what is measured next."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(processes))
        for number, system in _turns(options):
            on_step(f"publish, round {number}: {system}")
            yield measure_publish(processes, redis, system, events=options.published, number=number)
        servers = {system: stack.enter_context(serving(system, processes, redis.url)) for system in System}
        for fan_out in (burst(options), paced(options)):
            for number, system in _turns(options):
                on_step(f"{fan_out.program}, round {number}: {system}")
                yield measure_fan_out(fan_out, processes, redis, servers[system], number=number)


def _turns(options: Options) -> Iterator[tuple[int, System]]:
    """Who goes first changes with every round."""
    for number in range(1, options.rounds + 1):
        order = list(System) if number % 2 else list(reversed(System))
        for system in order:
            yield number, system
