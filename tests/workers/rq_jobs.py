"""Functions that the tests of the RQ worker put on a queue, and what they saw."""

import asyncio
import os
import threading
import time
from typing import Any

import redis
from rq import Retry
from rq.job import Job

from tests.waiting import eventually
from workers.rq_async import current_job

calls: list[Any] = []
"""What ran in this process; each test names its own jobs."""
gates: dict[str, threading.Event] = {}


def gate(name: str) -> threading.Event:
    return gates.setdefault(name, threading.Event())


class Told(Exception):
    """An error of ours: it has a code, and was told where it arose."""

    code = "told"


async def add(a: int, b: int) -> int:
    return a + b


def add_in_thread(a: int, b: int) -> list[Any]:
    return [a + b, threading.current_thread() is threading.main_thread()]


async def my_id() -> str:
    job = current_job.get()
    assert job is not None
    return job.id


def my_id_in_thread() -> str:
    job = current_job.get()
    assert job is not None
    return job.id


async def note(what: str) -> None:
    calls.append(what)


async def sleep(duration_s: float) -> str:
    await asyncio.sleep(duration_s)
    return "slept"


async def wait_for(name: str) -> str:
    """Until the test opens the gate."""
    calls.append(name)
    await eventually(gate(name).is_set, 30)
    return f"{name} is open"


def wait_in_thread_for(name: str) -> str:
    calls.append(name)
    assert gate(name).wait(30)
    return f"{name} is open"


async def sleep_unless_in(pid: int) -> None:
    """Only other processes than `pid` sleep, and for long."""
    await asyncio.sleep(0 if os.getpid() == pid else 600)


async def block_the_loop(duration_s: float) -> None:
    time.sleep(duration_s)  # noqa: ASYNC251  what an agent should not do


def block(duration_s: float) -> None:
    time.sleep(duration_s)


async def fail(message: str) -> None:
    raise ValueError(message)


async def fail_told(message: str) -> None:
    raise Told(message)


async def leave() -> None:
    raise SystemExit(3)


async def fail_until(name: str, attempts: int) -> str:
    calls.append(name)
    if calls.count(name) < attempts:
        raise ValueError(f"attempt {calls.count(name)}")
    return f"done in {attempts}"


async def ask_again(name: str, attempts: int, interval_s: int) -> Any:
    calls.append(name)
    return Retry(max=attempts, interval=interval_s) if calls.count(name) <= attempts else "done"


def on_success(job: Job, _connection: redis.Redis, result: Any) -> None:
    calls.append(("success", job.id, result))


def on_failure(job: Job, _connection: redis.Redis, kind: type, error: BaseException, _traceback: Any) -> None:
    calls.append(("failure", job.id, str(error)))


def wait_on_failure(
    job: Job, _connection: redis.Redis, _kind: type, _error: BaseException, _traceback: Any
) -> None:
    calls.append(("failure", job.id, "waits"))
    assert gate(job.id).wait(30)


def on_stopped(job: Job, _connection: redis.Redis) -> None:
    calls.append(("stopped", job.id))


def fail_on_success(_job: Job, _connection: redis.Redis, _result: Any) -> None:
    raise ValueError("the callback failed")


def hang_on_success(_job: Job, _connection: redis.Redis, _result: Any) -> None:
    threading.Event().wait(30)
