"""Runs an agent: awaits an `async def`, gives a plain `def` a thread of its own."""

import asyncio
import inspect
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from typing import Any

from agents.context import JobContext
from agents.errors import InvalidAgent, JobStopped
from agents.handover import Handover
from agents.registry import Agent
from agents.sync_context import SyncJobContext


async def run_agent(agent: Agent, context: JobContext[Any]) -> object:
    """What `agent` returns, or raises: `SystemExit` and `KeyboardInterrupt` too.

    Cancelling it stops a plain `def` at its next use of the context, and still waits for its thread;
    whoever does not want to wait any longer cancels again, and the thread is left to itself.
    """
    return await (agent.run(context) if agent.is_async else _in_thread(agent, context))


async def _in_thread(agent: Agent, context: JobContext[Any]) -> object:
    handover = Handover(asyncio.get_running_loop())
    outcome: Future[object] = Future()
    ended = _start(agent, SyncJobContext(context, handover), outcome)
    try:
        await ended.wait()
    except asyncio.CancelledError as cancelled:
        handover.stop()
        await ended.wait()
        raise cancelled from outcome.exception()
    finally:
        await handover.finish()
    try:
        return outcome.result()
    except JobStopped as stopped:
        raise asyncio.CancelledError(str(stopped)) from stopped


def _start(agent: Agent, job: SyncJobContext[Any], outcome: Future[object]) -> asyncio.Event:
    """Starts the thread: the event is set once `outcome` is known."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        _settle(outcome, agent, job)
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(ended.set)

    # Not of a pool, and a daemon: one that is stuck keeps neither a neighbour nor the process waiting.
    Thread(
        target=copy_context().run, args=(work,), name=f"agent {agent.name} {job.job_id}", daemon=True
    ).start()
    return ended


def _settle(outcome: Future[object], agent: Agent, job: SyncJobContext[Any]) -> None:
    try:
        outcome.set_result(_returned(agent, job))
    except BaseException as error:  # noqa: BLE001  it is raised where the agent is awaited
        outcome.set_exception(error)


def _returned(agent: Agent, job: SyncJobContext[Any]) -> object:
    result = agent.run(job)
    if inspect.iscoroutine(result):
        result.close()
        raise InvalidAgent(f"The agent {agent.name!r} is a `def` that returns a coroutine: make it async.")
    return result
