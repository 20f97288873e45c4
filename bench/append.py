"""Append: writers of many jobs, as fast as they go, to see what a core of Redis takes. Nobody listens."""

from collections.abc import Sequence
from typing import Final

import msgspec

from bench.measurement import Measurement
from bench.options import Options
from bench.orders import Appended, AppendOrder, Ready, System
from bench.processes import Process, Processes
from bench.redis_server import RedisServer
from shared_events.ids import new_job_id

PROGRAM: Final = "append"
WITHIN_S: Final = 300.0
BATCHES: Final = (1, 8, 32)
_FIRST_AND_LAST: Final = 2
"""A job's log has its status and its end beside the chunks."""


class Append(msgspec.Struct, frozen=True):
    """`jobs` side by side, each with `calls` appends of `batch` chunks, one after the other."""

    jobs: int
    calls: int
    batch: int

    @property
    def variant(self) -> str:
        return f"{self.jobs} jobs × {self.batch}"

    @property
    def events_per_job(self) -> int:
        return self.calls * self.batch

    @property
    def events(self) -> int:
        return self.jobs * self.events_per_job


def all_appends(options: Options) -> list[Append]:
    """What is measured in a round."""
    return [Append(options.append_jobs, options.append_calls, batch) for batch in BATCHES]


def measure_append(append: Append, processes: Processes, redis: RedisServer, *, number: int) -> Measurement:
    redis.clear()
    jobs = tuple(new_job_id() for _ in range(append.jobs))
    order = AppendOrder(redis.url, jobs, append.calls, append.batch)
    with processes.ordered("bench.appender", order, measured=True) as appender:
        appender.read(Ready)
        numbers = _appending(append, appender, redis)
        appender.read(Ready)
        numbers["live_bytes_per_event"] = _bytes_per_event(append, redis, jobs)
        appender.go()
        appender.read(Ready)
        numbers["finished_bytes_per_event"] = _bytes_per_event(append, redis, jobs)
    complete = all(redis.head(job) == append.events_per_job + _FIRST_AND_LAST for job in jobs)
    return Measurement(PROGRAM, System.JOBCAST, number, complete, numbers, append.variant)


def _appending(append: Append, appender: Process, redis: RedisServer) -> dict[str, float]:
    before = redis.cpu_s
    appender.go()
    appended = appender.read(Appended, WITHIN_S)
    redis_s = redis.cpu_s - before
    return {
        "events_per_s": append.events / appended.seconds,
        "events_per_redis_core_s": append.events / redis_s,
        "redis_us_per_event": redis_s / append.events * 1e6,
        "writer_us_per_event": appended.cpu_s / append.events * 1e6,
        "redis_busy": redis_s / appended.seconds,
        "writer_busy": appended.cpu_s / appended.seconds,
    }


def _bytes_per_event(append: Append, redis: RedisServer, jobs: Sequence[str]) -> float:
    return sum(map(redis.memory_bytes, jobs)) / append.events
