"""Pausing: where an agent waits for its job to go on, and where a cancel reaches it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.agents.collecting import CollectingSink, Counting, PausableSink, context
from tests.waiting import eventually


async def drain_of(pieces: AsyncGenerator[str, None]) -> list[str]:
    return [piece async for piece in pieces]


async def test_while_paused_a_stream_reads_no_further_and_then_goes_on() -> None:
    backend = Counting(5)
    job = context(sink := PausableSink(), backend)
    pieces = job.stream("x")
    assert await anext(pieces) == "1"
    sink.pause()
    waiting = asyncio.ensure_future(drain_of(pieces))
    await eventually(lambda: sink.held)
    assert (backend.read, sink.chunks) == (1, ["1"])
    sink.resume()
    assert await waiting == ["2", "3", "4", "5"]


async def test_a_paused_job_does_not_even_ask() -> None:
    backend = Counting(1)
    job = context(sink := PausableSink(), backend)
    sink.pause()
    waiting = asyncio.ensure_future(drain_of(job.stream("x")))
    await eventually(lambda: sink.held)
    assert backend.read == 0
    sink.resume()
    assert await waiting == ["1"]


async def test_cancelling_a_paused_stream_closes_the_backends() -> None:
    backend = Counting(2)
    job = context(sink := PausableSink(), backend)
    pieces = job.stream("x")
    await anext(pieces)
    sink.pause()
    waiting = asyncio.ensure_future(drain_of(pieces))
    await eventually(lambda: sink.held)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert backend.closed == 1


async def test_check_waits_while_the_job_is_paused() -> None:
    job = context(sink := PausableSink())
    await job.check()
    sink.pause()
    checking = asyncio.ensure_future(job.check())
    await eventually(lambda: sink.held)
    assert not checking.done()
    sink.resume()
    await checking


async def test_check_ends_a_cancelled_agent_that_never_waits_otherwise() -> None:
    job = context(CollectingSink())
    rounds = 0

    async def busy() -> None:
        nonlocal rounds
        for rounds in range(1, 100):
            if rounds == 3:
                asyncio.current_task().cancel()  # type: ignore[union-attr]
            await job.check()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(busy())
    assert rounds == 3
