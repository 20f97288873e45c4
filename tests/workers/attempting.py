"""Attempts at jobs of agents that a test writes down."""

import asyncio
from typing import Any, Final

import msgspec

from agents import Agent, JobContext, Policy, Retry
from shared_events.answers import Answer
from shared_events.contract import JobRequest
from shared_events.events import Event, decode_event
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import started_job
from workers.attempt import Attempt, LeaseHolder, Tools
from workers.leases import Leased


class Words(msgspec.Struct):
    words: list[str] = []


def policy(**how: Any) -> Policy:
    """As an agent's author says it, but with times that are too short for one."""
    one = Policy()
    for name, value in how.items():
        msgspec.structs.force_setattr(one, name, value)
    return one


ONCE: Final = policy(retry=Retry(attempts=1))


class Leases:
    """Lets every writer look at its log often enough for a test."""

    def __init__(self) -> None:
        self._ticking: dict[Leased, asyncio.Task[None]] = {}

    @property
    def held(self) -> set[Leased]:
        return set(self._ticking)

    def hold(self, writer: Leased) -> None:
        self._ticking[writer] = asyncio.create_task(self._tick(writer))

    def let_go(self, writer: Leased) -> None:
        self._ticking.pop(writer).cancel()

    async def _tick(self, writer: Leased) -> None:
        while True:
            await asyncio.sleep(0.02)
            writer.look()


async def queued(log: JobLog) -> JobId:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch())
    return job_id


def attempt(
    log: JobLog,
    job_id: JobId,
    run: Any,
    how: Policy = ONCE,
    *,
    leases: LeaseHolder | None = None,
    **given: Any,
) -> Attempt:
    agent = Agent(name="test", description="", input_type=Words, run=run, policy=how)
    request = JobRequest(job_id=job_id, agent="test", input=given or {"words": ["a", "b"]}, owner="dev")
    tools = Tools(log=log, agents={"test": agent}, backends={}, leases=leases or Leases())
    return Attempt(tools, request)


async def speak(job: JobContext[Words]) -> dict[str, int]:
    for word in job.input.words:
        await job.on_chunk(word)
    return {"words": len(job.input.words)}


def raising(error: BaseException) -> Any:
    async def run(job: JobContext[Words]) -> None:
        await job.on_chunk("so far")
        raise error

    return run


async def has_text(log: JobLog, job_id: JobId) -> bool:
    return bool((await log.view(job_id)).text)


async def events(log: JobLog, job_id: JobId) -> list[Event]:
    return [decode_event(event) for event in (await log.read_after(job_id, 0)).events]


async def lose(log: JobLog, job_id: JobId) -> None:
    """Take the job from its attempt, as a sweeper does from one that is dead."""
    while True:
        (look,) = await log.looks([job_id])
        assert look is not None
        if (await log.bury(job_id, new_epoch(), look.lease)).answer is Answer.OK:
            return
