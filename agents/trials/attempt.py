"""One attempt of an agent on trial: runs it until it ends, is cancelled or has no time left."""

import asyncio
from typing import Any, Final

import msgspec

from agents.context import JobContext
from agents.errors import AgentError
from agents.registry import Agent
from agents.running import run_agent
from agents.trials.sink import TrialSink
from agents.verdict import plain_result
from shared_events.events import Usage

STOP_S: Final = 5.0
"""So long a cancelled agent may take to clean up."""


class TrialTimeout(AgentError):
    """The agent did not come to an end in time."""

    code = "timeout"


class AgentStuck(AgentError):
    """The agent went on although it was cancelled."""


class Ended(msgspec.Struct, frozen=True):
    """The agent's result, or what it raised; `cancelled`: it was the test or the user who ended it."""

    result: Any = None
    usage: Usage | None = None
    error: BaseException | None = None
    cancelled: bool = False


async def attempted(agent: Agent, context: JobContext[Any], sink: TrialSink, timeout_s: float) -> Ended:
    """How it ended. Being cancelled it cancels the agent. Raises `AgentStuck`."""
    running = asyncio.create_task(_run(agent, context), name=f"agent {agent.name}")
    cancelled = asyncio.create_task(sink.cancelled.wait(), name="cancelled")
    try:
        await asyncio.wait({running, cancelled}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return _end_of(running)
        if sink.cancelled.is_set():
            return Ended(cancelled=True)
        return Ended(error=TrialTimeout(f"The agent {agent.name!r} ran longer than {timeout_s:g} s."))
    finally:
        cancelled.cancel()
        await _stop(agent, running)


def _end_of(running: asyncio.Task[Ended]) -> Ended:
    return Ended(error=AgentError("The agent was cancelled.")) if running.cancelled() else running.result()


async def _run(agent: Agent, context: JobContext[Any]) -> Ended:
    try:
        result = await run_agent(agent, context)
        await context.finish()
        return Ended(plain_result(result), context.usage)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001  also `sys.exit()`, which would end the event loop
        return Ended(error=error)


async def _stop(agent: Agent, running: asyncio.Task[Ended]) -> None:
    running.cancel()
    _, stuck = await asyncio.wait({running}, timeout=STOP_S)
    if stuck:
        running.cancel()
        raise AgentStuck(f"The agent {agent.name!r} went on for {STOP_S:g} s after it was cancelled.")
