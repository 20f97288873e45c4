"""A node under attack: the honest ones notice nothing, and nothing stays behind."""

import asyncio
import os
import re
import urllib.request
from collections.abc import Iterator
from typing import Final

import psutil
import pytest

from shared_events.events import JobStatus
from tests.e2e.aftermath import assert_whole
from tests.e2e.conftest import client_of, counted, submit
from tests.e2e.honest import follow_to_the_end
from tests.stack import Process, Stack, stack
from tests.waiting import eventually, wait_until

SECONDS: Final = int(os.environ.get("ATTACK_SECONDS", "8"))
PER_S: Final = 40
JOBS: Final = 6
HONEST: Final = 30
GROWN_BYTES: Final = 24 * 2**20
"""What an allocator may keep of what was needed for a moment."""
REDIS_CONNECTIONS: Final = 64
"""The pool keeps what was once needed at the same time, up to this."""
ZERO_AT_REST: Final = ("connections", "followed_jobs", "followers", "unsent_bytes", "tail_bytes")


@pytest.fixture
def target() -> Iterator[Stack]:
    """A node that has seen the end of what it will never hear of again within seconds."""
    with stack(WORKER_CONCURRENCY="30") as running:
        running.web.kill()
        running.web = Process(["tests.e2e.hasty_node"], running.environment, running.web.log)
        running.web.start()
        wait_until(running.is_serving, 30)
        yield running


def metrics(running: Stack) -> dict[str, float]:
    """By name, without the prefix and the labels."""
    with urllib.request.urlopen(running.url + "metrics", timeout=30) as response:
        found = re.findall(r"^jobcast_(\S+?)(?:\{.*\})? (\S+)$", response.read().decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def at_rest(running: Stack) -> dict[str, float]:
    """What a node holds: its gauges, its tasks and its descriptors."""
    now = metrics(running)
    held = {name: now[name] for name in (*ZERO_AT_REST, "tasks")}
    web = psutil.Process(running.web.pid)
    clients = [one for one in web.net_connections("tcp") if one.status != psutil.CONN_LISTEN]
    return held | {"clients": len(clients), "descriptors": web.num_fds()}


def memory_bytes(running: Stack) -> int:
    return int(psutil.Process(running.web.pid).memory_info().rss)


async def busy_jobs(running: Stack, seconds: float) -> tuple[list[str], str]:
    """Jobs that count for so long, and what they will have said."""
    last = int(seconds * PER_S)
    async with client_of(running) as client:
        jobs = [await submit(client, model=f"count-{last}@{PER_S}") for _ in range(JOBS)]
    return jobs, counted(last)


def attack_on(running: Stack, jobs: list[str]) -> Process:
    """Every attack of `tests.e2e.attack` at once, for `SECONDS`."""
    command = ["tests.e2e.attack", running.url, str(SECONDS), *jobs]
    attack = Process(command, running.environment, running.web.log.with_name("attack.log"))
    attack.start()
    return attack


async def assert_back_at(base: dict[str, float], running: Stack) -> None:
    def excess() -> dict[str, tuple[float, float]]:
        return {n: (value, base[n]) for n, value in at_rest(running).items() if value > base[n]}

    try:
        await eventually(lambda: not excess(), 25)
    except AssertionError:
        raise AssertionError(f"held now, and at first: {excess()}") from None


async def test_a_session_of_every_attack_leaves_the_honest_whole_and_nothing_behind(target: Stack) -> None:
    jobs, said = await busy_jobs(target, 2)
    await follow_to_the_end(target, jobs, said, count=HONEST)  # what is made once, is made
    await eventually(lambda: at_rest(target)["followed_jobs"] == 0)
    base, memory = at_rest(target) | {"clients": 0}, memory_bytes(target)
    base["descriptors"] += REDIS_CONNECTIONS
    jobs, said = await busy_jobs(target, SECONDS + 2)
    attack = attack_on(target, jobs)
    async with asyncio.timeout(SECONDS + 30):
        views = await follow_to_the_end(target, jobs, said, count=HONEST)
    await eventually(lambda: attack.exit_code == 0, 20)
    assert {(view.text, view.status) for view in views} == {(said, JobStatus.COMPLETED)}
    await assert_whole(target, views)
    await assert_back_at(base, target)
    assert memory_bytes(target) - memory < GROWN_BYTES
    assert metrics(target)["protocol_violations_total"] > 50, attack.log.read_text()
