"""Running: an agent in the loop or in a thread, and how the one in a thread is stopped."""

import asyncio
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest

from agents import (
    InvalidAgent,
    JobContext,
    JobStopped,
    SyncJobContext,
    agent,
    run_agent,
)
from tests.agents.collecting import CollectingSink, Counting, context
from tests.agents.in_threads import Lingering, Plain, plain, started, threads
from tests.waiting import eventually

WHERE: ContextVar[str] = ContextVar("WHERE", default="nowhere")


def reason_of(error: BaseException | None) -> BaseException | None:
    """The first cause in the chain of errors that led to `error`."""
    while error is not None and error.__cause__ is None:
        error = error.__context__
    return error.__cause__ if error is not None else None


async def test_an_async_agent_is_awaited_on_the_loop() -> None:
    @agent("x")
    async def here(job: JobContext[Any]) -> object:
        await job.on_chunk("x")
        return threading.current_thread()

    assert await run_agent(here, context(CollectingSink())) is threading.current_thread()


async def test_a_plain_agent_runs_in_a_named_daemon_thread_that_ends_with_it() -> None:
    thread = await run_agent(plain(lambda _: threading.current_thread()), context(CollectingSink()))
    assert isinstance(thread, threading.Thread)
    assert thread is not threading.current_thread()
    assert (thread.name, thread.daemon) == (f"agent plain {'j' * 20}", True)
    await eventually(lambda: not thread.is_alive())


async def test_a_plain_agent_sees_the_context_variables_of_its_job() -> None:
    WHERE.set("the job")
    assert await run_agent(plain(lambda _: WHERE.get()), context(CollectingSink())) == "the job"


async def test_hundreds_of_plain_agents_wait_side_by_side() -> None:
    together = threading.Barrier(200)
    agents = (run_agent(plain(lambda _: together.wait(30)), context(CollectingSink())) for _ in range(200))
    assert sorted(await asyncio.gather(*agents)) == list(range(200))  # type: ignore[type-var]


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_what_a_plain_agent_raises_is_raised_as_itself(error: BaseException) -> None:
    def fail(_: SyncJobContext[Any]) -> None:
        raise error

    # Caught here: a task that raises `SystemExit` would end the loop.
    with pytest.raises(type(error)) as raised:
        await run_agent(plain(fail), context(CollectingSink()))
    assert raised.value is error


async def test_a_stop_iteration_that_escapes_fails_the_agent_and_does_not_hang() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await run_agent(plain(lambda _: next(iter(()))), context(CollectingSink()))


async def test_a_def_that_returns_a_coroutine_is_told_to_be_async() -> None:
    async def answer() -> None: ...

    with pytest.raises(InvalidAgent, match="'plain' is a `def` that returns a coroutine: make it async"):
        await run_agent(plain(lambda _: answer()), context(CollectingSink()))


@pytest.mark.parametrize(
    "use",
    [
        lambda job: job.on_chunk("late"),
        lambda job: job.progress(50),
        lambda job: job.check(),
        lambda job: next(job.stream("late")),
    ],
    ids=["on_chunk", "progress", "check", "stream"],
)
async def test_after_a_cancel_the_next_use_of_the_context_stops_the_agent(use: Plain) -> None:
    goes_on = threading.Event()

    def work(job: SyncJobContext[Any]) -> None:
        with suppress(Exception):
            job.on_chunk("before")
            goes_on.wait(30)
            use(job)
            job.on_chunk("after")

    running = started(work, context(sink := CollectingSink(), Counting(3)))
    await eventually(lambda: sink.chunks)
    running.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (sink.chunks, sink.progressed) == (["before"], [])


async def test_a_stopped_agent_may_clean_up_and_still_reads_its_text() -> None:
    left = []

    def work(job: SyncJobContext[Any]) -> None:
        job.on_chunk("half")
        try:
            while True:
                job.check()
        except JobStopped:
            left.append(job.text)
            raise

    running = started(work, context(sink := CollectingSink()))
    await eventually(lambda: sink.chunks)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert left == ["half"]


async def test_a_cancel_waits_for_the_thread() -> None:
    running = started((lingering := Lingering()).work, context(sink := CollectingSink()))
    await eventually(lingering.begun.is_set)
    running.cancel()
    await eventually(lingering.told.is_set)
    assert not running.done()
    lingering.may_go.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert lingering.late
    assert sink.chunks == []


async def test_a_second_cancel_leaves_a_stuck_thread_to_itself_and_it_publishes_nothing() -> None:
    running = started((lingering := Lingering()).work, context(sink := CollectingSink()))
    await eventually(lingering.begun.is_set)
    running.cancel()
    await eventually(lingering.told.is_set)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert threads()
    lingering.may_go.set()
    await eventually(lambda: lingering.late and not threads())
    assert sink.chunks == []


async def test_what_a_stopped_agent_raises_instead_is_kept_as_the_reason() -> None:
    def work(job: SyncJobContext[Any]) -> None:
        try:
            while True:
                job.on_chunk("x")
        finally:
            raise OSError("could not clean up")

    running = started(work, context(sink := CollectingSink()))
    await eventually(lambda: sink.chunks)
    running.cancel()
    with pytest.raises(asyncio.CancelledError) as raised:
        await running
    assert isinstance(reason_of(raised.value), OSError)


async def test_a_timeout_of_the_owner_stops_the_agent() -> None:
    def work(job: SyncJobContext[Any]) -> None:
        while True:
            job.check()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run_agent(plain(work), context(CollectingSink()))
