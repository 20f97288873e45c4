"""Agents that are a plain `def`, and what there is to see of their threads."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from agents import (
    Agent,
    JobContext,
    JobStopped,
    SyncJobContext,
    agent,
    run_agent,
)

Plain: TypeAlias = Callable[[SyncJobContext[Any]], object]


def plain(function: Plain) -> Agent:
    return agent("plain")(function)


def started(function: Plain, job: JobContext[Any]) -> asyncio.Task[object]:
    return asyncio.create_task(awaited(run_agent(plain(function), job)))


async def awaited(work: Coroutine[Any, Any, object]) -> object:
    return await work


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("agent ")]


class Lingering:
    """Once it has `begun`, stays after it was `told` to stop, until it `may_go`; `late` is what it raised."""

    def __init__(self) -> None:
        self.begun, self.told, self.may_go = threading.Event(), threading.Event(), threading.Event()
        self.late: BaseException | None = None

    def work(self, job: SyncJobContext[Any]) -> None:
        self.begun.set()
        try:
            while True:
                job.check()
        except JobStopped:
            self.told.set()
        self.may_go.wait(30)
        try:
            job.on_chunk("late")
        except JobStopped as stopped:
            self.late = stopped
