"""Publish: one writer of one job, as fast as it goes, on a core of its own. Nobody listens."""

from typing import Final

from bench.measurement import Measurement
from bench.orders import Load, Published, PublisherOrder, Ready, System
from bench.processes import Processes
from bench.redis_server import RedisServer
from shared_events.ids import new_job_id

PROGRAM: Final = "publish"
SLACK_S: Final = 60.0
SLOWEST_PER_S: Final = 500.0
"""A publisher that gets less done is given up."""
_FIRST_AND_LAST: Final = 2
"""A job's log has its status and its end beside the chunks."""


def measure_publish(
    processes: Processes, redis: RedisServer, system: System, *, events: int, number: int
) -> Measurement:
    load = Load(jobs=(new_job_id(),), events_per_job=events)
    order = PublisherOrder(system=system, redis_url=redis.url, load=load)
    with processes.ordered("bench.publisher", order, measured=True) as publisher:
        publisher.read(Ready)
        redis_cpu_s, before = redis.cpu_s, redis.published
        publisher.go()
        published = publisher.read(Published, SLACK_S + events / SLOWEST_PER_S)
        redis_cpu_s = redis.cpu_s - redis_cpu_s
        count = redis.published - before
    numbers = {
        "events_per_s": events / published.seconds,
        "worker_us_per_event": published.cpu_s / events * 1e6,
        "redis_us_per_event": redis_cpu_s / events * 1e6,
    }
    if system is System.STOCK:
        return Measurement(PROGRAM, system, number, count == events, numbers)
    job = load.jobs[0]
    numbers["log_bytes_per_event"] = redis.log_bytes_per_event(job)
    return Measurement(PROGRAM, system, number, redis.head(job) == events + _FIRST_AND_LAST, numbers)
