"""A loop that does not answer: it is reported, forgiven when it answers, and given up in the end."""

import asyncio
import os
from collections.abc import Callable

import pytest
import structlog

from workers import leases as module
from workers.leases import LoopWatch


class Exited(BaseException):
    """Stands for the end of the process."""


def exits(code: int) -> None:
    raise Exited(code)


def test_a_loop_that_never_comes_back_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCKED_LIMIT_S", 0.0)
    monkeypatch.setattr(os, "_exit", exits)
    loop = asyncio.new_event_loop()
    watch = LoopWatch(loop)
    watch.tick()
    with pytest.raises(Exited, match=str(module.CRASHED)):
        watch.tick()
    loop.run_until_complete(asyncio.sleep(0))
    watch.tick()
    loop.close()


def test_a_loop_that_was_blocked_is_forgiven_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCKED_S", 0.0)
    loop = asyncio.new_event_loop()
    watch = LoopWatch(loop)

    def reports(act: Callable[[], None]) -> int:
        with structlog.testing.capture_logs() as logs:
            act()
        return len(logs)

    assert reports(watch.tick) == 0
    assert reports(watch.tick) == 1
    loop.run_until_complete(asyncio.sleep(0))
    assert reports(watch.tick) == 0, "asked again"
    assert reports(watch.tick) == 1
    loop.close()
