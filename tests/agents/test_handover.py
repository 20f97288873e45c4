"""Handover: what a thread began on the loop ends with its job, and is cleaned up after."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from agents import (
    ChatRequest,
    Delta,
    JobStopped,
    SyncJobContext,
    TextDelta,
    run_agent,
)
from tests.agents.collecting import CollectingSink, Counting, PausableSink, context
from tests.agents.in_threads import Lingering, plain, started, threads
from tests.waiting import eventually, wait_until


@pytest.mark.parametrize("hangs", [True, False], ids=["in a read", "between two"])
async def test_a_cancel_closes_the_request_at_once_though_the_thread_goes_on(hangs: bool) -> None:
    backend, goes_on = Counting(1, hangs=hangs), threading.Event()

    def work(job: SyncJobContext[Any]) -> None:
        try:
            for _ in job.stream("x"):
                assert hangs or goes_on.wait(30)
        finally:
            goes_on.wait(30)

    running = started(work, context(CollectingSink(), backend))
    await eventually(lambda: backend.read == 1 + hangs)
    running.cancel()
    await eventually(lambda: backend.closed == 1)
    assert not running.done()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_cancel_reaches_a_paused_agent() -> None:
    job = context(sink := PausableSink())
    sink.pause()
    running = started(lambda job: job.check(), job)
    await eventually(lambda: sink.held)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sink.held == 0


async def test_a_stream_that_is_left_open_ends_with_the_agent() -> None:
    kept: list[Any] = []

    def work(job: SyncJobContext[Any]) -> None:
        kept.append(job.stream("x"))
        next(kept[0])

    backend = Counting(3)
    await run_agent(plain(work), context(CollectingSink(), backend))
    assert backend.closed == 1
    with pytest.raises(JobStopped):
        await asyncio.to_thread(next, kept[0])


async def test_how_a_backend_cleans_up_is_not_cut_short_by_the_end_of_the_agent() -> None:
    class Careful(Counting):
        begun = False
        may_end = asyncio.Event()

        async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
            try:
                yield TextDelta("1")
            finally:
                self.begun = True
                await self.may_end.wait()
                self.closed += 1

    def work(job: SyncJobContext[Any]) -> None:
        for _ in job.stream("x"):
            break

    backend = Careful(1)
    running = started(work, context(CollectingSink(), backend))
    await eventually(lambda: backend.begun and not threads())
    backend.may_end.set()
    await running
    assert backend.closed == 1


async def test_a_job_that_was_stopped_from_within_ends_as_cancelled() -> None:
    class Cancels(CollectingSink):
        async def gate(self) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError, match="The job was stopped"):
        await run_agent(plain(lambda job: job.check()), context(Cancels()))


def test_a_thread_that_outlives_its_loop_is_stopped_in_peace() -> None:
    lingering = Lingering()

    async def leave() -> None:
        running = started(lingering.work, context(CollectingSink()))
        await eventually(lingering.begun.is_set)
        running.cancel()
        await eventually(lingering.told.is_set)

    # `asyncio.run` cancels what is left: the second cancel, so it does not hang.
    asyncio.run(leave())
    lingering.may_go.set()
    wait_until(lambda: lingering.late and not threads())


async def test_nothing_is_left_behind() -> None:
    def work(job: SyncJobContext[Any]) -> None:
        for _ in job.stream("x"):
            job.progress(50)

    before = asyncio.all_tasks()
    await asyncio.gather(*(run_agent(plain(work), context(CollectingSink(), Counting(5))) for _ in range(20)))
    await eventually(lambda: asyncio.all_tasks() <= before and not threads())
