"""Waiting in tests: for a condition, up to a deadline, never for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")
_POLL_S: Final = 0.01


def wait_until(condition: Callable[[], T], timeout_s: float = 30.0) -> T:
    """The first truthy answer of `condition`. Raises `AssertionError` with the last one after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not so within {timeout_s} s; the last answer was {answer!r}"
        time.sleep(_POLL_S)
    return answer


async def eventually(condition: Callable[[], T], timeout_s: float = 30.0) -> T:
    """As `wait_until`, while the event loop goes on."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not so within {timeout_s} s; the last answer was {answer!r}"
        await asyncio.sleep(_POLL_S)
    return answer


async def eventually_awaited(condition: Callable[[], Awaitable[T]], timeout_s: float = 30.0) -> T:
    """As `eventually`, for a condition that has to be awaited itself."""
    deadline = time.monotonic() + timeout_s
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"not so within {timeout_s} s; the last answer was {answer!r}"
        await asyncio.sleep(_POLL_S)
    return answer
