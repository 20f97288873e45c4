"""Parts of a job: an agent that works for another one, in the same attempt, on the same text."""

import asyncio
import random
from typing import Any, Final

import msgspec

from agents.context import JobContext
from agents.errors import AgentError, BackendError, PartTimeout
from agents.policy import Retry
from agents.registry import Agent
from agents.running import run_agent
from shared_events.events import ChunkMetadata, Usage

DEEPEST: Final = 8
"""Agents that work for agents that work for agents."""

Range = tuple[float, float]


class Part(msgspec.Struct, frozen=True):
    """What came of a part: what its agent returned, the text that it made, what it used of models."""

    result: Any
    text: str
    usage: Usage | None


class PartSink:
    """Hands what a part publishes on to the job that it is a part of."""

    def __init__(self, whole: JobContext[Any], *, step: str, publish: bool, progress: Range | None) -> None:
        self._whole = whole
        self._step = step
        self._publish = publish
        self._progress = progress
        self._began = 0
        self._length = 0

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
        if not self._publish:
            return
        if not self._length:
            self._began = len(self._whole.text)
        self._length += len(text)
        step, model = (metadata.step, metadata.model) if metadata is not None else (None, None)
        await self._whole.on_chunk(text, step=step or self._step, model=model)

    async def rewind(self, kept: str) -> None:
        """Raises `AgentError` where the whole has gone on since."""
        if self._publish and not await self._take_back(len(kept)):
            raise AgentError("A part cannot take back what the text has gone on behind.")

    async def take_back(self) -> bool:
        """Take back all that the part published; False if that cannot be, as the whole has gone on since."""
        return not self._length or await self._take_back(0)

    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None:
        if self._progress is not None:
            low, high = self._progress
            await self._whole.progress(low + (high - low) * percent / 100, step or self._step, metadata)

    async def gate(self) -> None:
        await self._whole.pause_point()

    async def _take_back(self, length: int) -> bool:
        if len(self._whole.text) != self._began + self._length:
            return False
        await self._whole.rewind(self._began + length)
        self._length = length
        return True


async def do_part(
    whole: JobContext[Any],
    agent: Agent,
    given: Any,
    *,
    step: str | None,
    publish: bool,
    progress: Range | None,
) -> Part:
    """See `JobContext.spawn`. Tried again as the agent's policy says, if its text can be taken back."""
    if whole.depth >= DEEPEST:
        raise AgentError(f"Agents may work for each other {DEEPEST} deep at most.")
    checked = agent.fitting(msgspec.to_builtins({} if given is None else given))
    for attempt in range(1, agent.policy.retry.attempts + 1):
        sink = PartSink(whole, step=step or agent.name, publish=publish, progress=progress)
        part = whole.part(sink, checked, attempt=attempt, preferred=agent.policy.backends)
        try:
            return await _run(agent, part)
        except Exception as error:
            delay_s = _delay_s(agent.policy.retry, attempt, error)
            if delay_s is None or not await sink.take_back():
                raise
            await asyncio.sleep(delay_s)
        finally:
            whole.count(part.usage)
    raise AssertionError("the last attempt returns or raises")


def _delay_s(retry: Retry, attempt: int, error: Exception) -> float | None:
    """How long after the failure of `attempt` the next one begins; None if there is none."""
    if attempt >= retry.attempts or not retry.is_retryable(error):
        return None
    asked = error.retry_after_s if isinstance(error, BackendError) else None
    return retry.delay_s(attempt, retry_after_s=asked, random=random.random)


async def _run(agent: Agent, part: JobContext[Any]) -> Part:
    timeout_s = agent.policy.timeout_s
    try:
        async with asyncio.timeout(timeout_s) as limit:
            result = await run_agent(agent, part)
            await part.finish()
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise PartTimeout(f"The part {agent.name!r} ran longer than {timeout_s:g} s.") from error
    return Part(result, part.text, part.usage)
