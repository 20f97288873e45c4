"""The load client sees every fault: the limit server says whatever is published, so faults are published."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from bench import template
from bench.cores import Cores
from bench.fanout.crowd import Count, Crowd, Followers, crowd
from bench.fanout.dialect import Dialect, dialect
from bench.fanout.native import Native
from bench.fanout.stage import Sent
from bench.numbered_jobs import numbered_job
from bench.orders import Peer
from bench.processes import Processes, free_port
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.redis_client import connect_blocking
from tests.redis_server import RedisServer
from tests.waiting import wait_until

JOB = numbered_job(0)
WITHIN_S = 10
END = 99


class Say(Protocol):
    def __call__(self, event: str, job: int = 0) -> object:
        """Publishes an event to all followers of a job."""


@pytest.fixture
def server(
    native: Native, shared_redis: RedisServer, keys: Keys, tmp_path: Path
) -> Iterator[tuple[Processes, int]]:
    processes, port = Processes(tmp_path, Cores()), free_port()
    pattern = keys.channel(JobId("*"))
    command = [str(native.limit_server), "-p", str(port), "-a", str(shared_redis.socket), "-c", pattern]
    with (
        processes.server("limit_server", command),
        connect_blocking(shared_redis.url) as client,
    ):
        wait_until(lambda: client.publish(keys.channel(JOB), "is anybody there?"))
        yield processes, port


@pytest.fixture
def say(shared_redis: RedisServer, keys: Keys) -> Iterator[Say]:
    with connect_blocking(shared_redis.url) as client:
        yield lambda event, job=0: client.publish(keys.channel(numbered_job(job)), f"heading\n{event}")


@contextmanager
def following(
    server: tuple[Processes, int], native: Native, followers: Followers, way: Dialect | None = None
) -> Iterator[Crowd]:
    processes, port = server
    way = way or dialect(Peer.LIMIT)
    with crowd(processes, str(native.load), port, followers, way) as one:
        assert one.follow(WITHIN_S).live == followers.count
        yield one


def counted(crowd: Crowd, enough: Callable[[Count], bool]) -> Count:
    """What the followers have seen since they followed, once that is `enough`."""
    return wait_until(lambda: (count := crowd.count()) and enough(count) and count) or crowd.count()


def chunk(sequence: int, more: str = "", *, sent_ns: int = 1) -> str:
    return f'["model:chunk",{{"jobId":"{JOB}","sequence":{sequence}{more},"ts":"{sent_ns:019d}"}}]'


def snapshot(sequence: int, *, reset: bool = False) -> str:
    fields = f'"jobId":"{JOB}","sequence":{sequence},"reset":{str(reset).lower()}'
    return f'["job:snapshot",{{{fields}}}]'


@pytest.mark.parametrize(
    ("events", "last", "expected"),
    [
        ([chunk(1), chunk(2), chunk(3)], 3, {"delivered": 3, "frames": 3}),
        ([chunk(1), chunk(3)], 3, {"delivered": 2, "gaps": 1}),
        ([chunk(1), chunk(5), chunk(6)], 6, {"delivered": 3, "gaps": 3}),
        ([chunk(1), chunk(1), chunk(2)], 2, {"delivered": 2, "doubles": 1}),
        ([chunk(1), chunk(3), chunk(2), chunk(4)], 4, {"delivered": 3, "gaps": 1, "doubles": 1}),
        ([chunk(1), chunk(5, ',"fromSequence":2')], 5, {"delivered": 5, "frames": 2}),
        ([chunk(1), chunk(5, ',"fromSequence":3')], 5, {"delivered": 4, "gaps": 1}),
        ([chunk(1), chunk(2), chunk(5, ',"fromSequence":2')], 5, {"delivered": 5, "doubles": 1}),
        ([snapshot(7), chunk(8)], 8, {"delivered": 1}),
        ([chunk(1), snapshot(4), chunk(5)], 5, {"delivered": 2, "skipped": 3}),
        ([chunk(1), chunk(2), snapshot(1), chunk(3)], 3, {"delivered": 3}),
        ([chunk(5), snapshot(2, reset=True), chunk(3)], 3, {"delivered": 2, "resets": 1}),
    ],
)
def test_followers_count_what_is_missing_and_what_comes_again(
    server: tuple[Processes, int],
    native: Native,
    say: Say,
    events: list[str],
    last: int,
    expected: dict[str, int],
) -> None:
    with following(server, native, Followers(2, 1)) as crowd:
        for event in [*events, snapshot(END)]:
            say(event)
        skipped = expected.get("skipped", 0) + END - last
        count = counted(crowd, lambda count: count.skipped >= 2 * skipped)
    faults = {"gaps": 0, "doubles": 0, "resets": 0} | expected | {"skipped": skipped}
    assert {name: getattr(count, name) for name in faults} == {name: 2 * faults[name] for name in faults}


def test_a_latency_is_the_time_since_the_event_was_published(
    server: tuple[Processes, int], native: Native, say: Say
) -> None:
    with following(server, native, Followers(1, 1)) as crowd:
        say(chunk(1, sent_ns=time.monotonic_ns() - 5_000_000_000))
        count = counted(crowd, lambda count: count.timed == 1)
    assert 4800 < count.p50_ms < 9000


def test_who_comes_back_asks_with_the_sequence_that_it_has(
    server: tuple[Processes, int], native: Native, say: Say
) -> None:
    """The server knows no checkpoints: here the sequence stands where the job's number belongs."""
    resume = f'420["job:subscribe",{{"jobId":"{numbered_job("00000" + template.SEQUENCE)}"}}]'
    way = Dialect(dialect(Peer.LIMIT).subscribe, resume, b"")
    with following(server, native, Followers(2, 1), way) as crowd:
        say(chunk(42))
        assert crowd.reach(42, WITHIN_S).whole == 2
        assert crowd.drop().open == 0
        assert crowd.follow(WITHIN_S).live == 2
        say(chunk(43), 42)
        assert crowd.reach(43, WITHIN_S).whole == 2


def test_slow_followers_do_not_read_and_do_not_count_as_whole(
    server: tuple[Processes, int], native: Native, say: Say
) -> None:
    with following(server, native, Followers(4, 1, never_read=1, read_slowly=1)) as crowd:
        for sequence in range(1, 301):
            say(chunk(sequence, "," + json.dumps({"chunk": "x" * 1000})[1:-1]))
        count = counted(crowd, lambda count: count.timed == 600)
        assert 600_000 < count.bytes < 700_000, "honest ones have read all, the others next to nothing"
        assert crowd.reach(300, WITHIN_S).whole == 2


def test_a_server_that_goes_is_noticed(
    server: tuple[Processes, int], native: Native, shared_redis: RedisServer
) -> None:
    processes, _ = server
    with crowd(processes, str(native.load), free_port(), Followers(2, 1), dialect(Peer.LIMIT)) as one:
        count = one.follow(0.2)
    assert (count.live, count.lost, count.live_s) == (0, 2, -1)


def test_the_publisher_tells_what_redis_refused(
    native: Native, shared_redis: RedisServer, tmp_path: Path
) -> None:
    event = tmp_path / "template"
    event.write_bytes(template.command("EVALSHA", "0" * 40, 0))
    command = [str(native.publish), "-a", str(shared_redis.socket), "-t", str(event), "-r", "1000", "-n", "5"]
    done = msgspec.json.decode(subprocess.check_output(command, timeout=WITHIN_S), type=Sent)
    assert (done.sent, done.errors, done.answered) == (5, 5, True)
    assert done.first_error.startswith("NOSCRIPT")


def test_the_publisher_numbers_the_events_of_every_job_in_turns(
    native: Native, shared_redis: RedisServer, keys: Keys, tmp_path: Path
) -> None:
    event = tmp_path / "template"
    key = f"{keys.prefix}{template.JOB}"
    event.write_bytes(
        template.command("RPUSH", key, f"{template.PREVIOUS} {template.SEQUENCE} {template.TIME}")
    )
    command = [str(native.publish), "-a", str(shared_redis.socket), "-t", str(event)]
    began = time.monotonic_ns()
    subprocess.check_output([*command, "-j", "2", "-r", "1000", "-n", "6", "-q", "1000005"], timeout=WITHIN_S)
    with connect_blocking(shared_redis.url) as client:
        for job in range(2):
            found = [line.split() for line in client.lrange(f"{keys.prefix}{job:012d}", 0, -1)]
            numbers = [(int(previous), int(sequence)) for previous, sequence, _ in found]
            assert numbers == [(1000004, 1000005), (1000005, 1000006), (1000006, 1000007)]
            assert all(began <= int(sent) <= time.monotonic_ns() for _, _, sent in found)
