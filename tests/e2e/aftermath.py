"""What must be true after every fault: whole logs, one end each, and nothing left behind."""

import re
import time
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
import psutil
import redis as sync_redis

from shared_events.events import decode_event
from shared_events.fold import JobView
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.stack import Process, Stack
from tests.waiting import wait_until

_STATIC: Final = re.compile(
    r"rq:(workers|queues|queue:|finished:|failed:|wip:|deferred:|scheduled:|canceled:)"
)
"""RQ's registries and queues: there is one of each, whatever was run."""
DESCRIPTORS_MORE: Final = 14
THREADS_MORE: Final = 4
MEMORY_MORE_BYTES: Final = 32 * 2**20


class Rest(NamedTuple):
    """What a process that has nothing to do keeps."""

    descriptors: int
    threads: int
    memory_bytes: int


def at_rest(worker: Process) -> Rest:
    process = psutil.Process(worker.pid)
    return Rest(process.num_fds(), process.num_threads(), process.memory_info().rss)


def assert_back_at(base: Rest, worker: Process) -> None:
    """Waits for what a worker keeps open for a while, such as idle connections."""

    def excess() -> str:
        now = at_rest(worker)
        more = [have - had for have, had in zip(now, base, strict=True)]
        limits = (DESCRIPTORS_MORE, THREADS_MORE, MEMORY_MORE_BYTES)
        return "" if all(m <= limit for m, limit in zip(more, limits, strict=True)) else f"{now}, not {base}"

    deadline = time.monotonic() + 25
    wait_until(lambda: not excess() or time.monotonic() > deadline, 30)
    assert not excess(), excess()


async def assert_whole(running: Stack, views: Iterable[JobView]) -> None:
    """Each log is gapless, ends with its only terminal event, and adds up to what its follower holds."""
    redis = connect(running.redis.url)
    log = JobLog(redis, Keys())
    try:
        for view in views:
            job_id = JobId(view.job_id)
            tail, held = await log.read_after(job_id, 0), await log.view(job_id)
            events = [decode_event(data) for data in tail.events]
            assert [e.sequence for e in events] == list(range(tail.meta.first, tail.meta.head + 1)), job_id
            ends = [event.sequence for event in events if event.status_after is not None]
            assert ends == [tail.meta.head], f"{job_id} ends at {ends} of {tail.meta.head}"
            assert fields_of(held) == fields_of(view), job_id
    finally:
        await redis.aclose()


def fields_of(view: JobView) -> dict[str, Any]:
    return dict(msgspec.to_builtins(view.snapshot(reset=False)))


def keys_for_ever(running: Stack) -> list[str]:
    """Keys without a TTL that may not be without one."""
    with sync_redis.Redis.from_url(running.redis.url, protocol=2) as client:
        keys = [key.decode() for key in client.scan_iter(count=1000)]
        return [key for key in keys if client.ttl(key) == -1 and not _STATIC.match(key)]


def jobs_left(running: Stack) -> list[str]:
    """What RQ still holds of jobs, apart from what expires: entries of queues and of work in progress."""
    with sync_redis.Redis.from_url(running.redis.url, protocol=2) as client:
        lists = [key for key in client.scan_iter("rq:queue:*") if client.type(key) == b"list"]
        waiting = [entry.decode() for key in lists for entry in client.lrange(key, 0, -1)]
        working = [e.decode() for key in client.scan_iter("rq:wip:*") for e in client.zrange(key, 0, -1)]
        open_ = [entry.decode() for entry in client.zrange(Keys().open_jobs(), 0, -1)]
        return [*waiting, *working, *open_]


def assert_nothing_left(running: Stack) -> None:
    """No entry of any job, and no key that stays for ever; waits for a sweep and for RQ's own upkeep."""
    wait_until(lambda: jobs_left(running) == [], 20)
    wait_until(lambda: keys_for_ever(running) == [], 20)
