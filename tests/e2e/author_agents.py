"""Agents as authors write them on a bad day; a worker of the tests is given them by `author_agents.toml`."""

import asyncio
import ctypes
import os
import resource
import time
from typing import Any

from agents import (
    BackendUnavailable,
    ChatMessage,
    ChatRequest,
    JobContext,
    OpenAIChat,
    Retry,
    SyncJobContext,
    TextDelta,
    agent,
)


@agent("block")
async def block(job: JobContext[Any]) -> None:
    """Holds up the event loop, and with it everybody."""
    await job.on_chunk("before")
    await job.check()
    time.sleep(job.input["seconds"])  # noqa: ASYNC251  the fault itself
    await job.on_chunk(" after")


@agent("leave", retry=Retry(backoff_s=0.1))
async def leave(job: JobContext[Any]) -> None:
    await job.on_chunk("here")
    await asyncio.sleep(job.input.get("after_s", 0.3))
    os._exit(1)


@agent("crash", retry=Retry(backoff_s=0.1))
async def crash(job: JobContext[Any]) -> None:
    await job.on_chunk("here")
    await asyncio.sleep(0.3)
    ctypes.string_at(0)


@agent("eat", own_process=True)
async def eat(job: JobContext[Any]) -> None:
    """More than its process may have; what it has can be told by a process that goes on."""
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    eaten: list[bytes] = []
    while True:
        eaten.append(bytes(2**24))
        await job.check()


@agent("stubborn")
async def stubborn(job: JobContext[Any]) -> None:
    await job.on_chunk("here")
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


@agent("haste", retry=Retry(backoff_s=0.1))
async def haste(job: JobContext[Any]) -> None:
    """Counts slowly at first, and fast when it has to do it again."""
    last, per_s = job.input["last"], job.input["per_s"] if job.attempt == 1 else 500
    async for _ in job.stream("go", model=f"count-{last}@{per_s}"):
        pass


@agent("plain")
def plain(job: SyncJobContext[Any]) -> None:
    for _ in job.stream("go"):
        pass


@agent("apart", own_process=True)
async def apart(job: JobContext[Any]) -> None:
    async for _ in job.stream("go"):
        pass


@agent("hiccup", retry=Retry(attempts=3, backoff_s=0.1))
async def hiccup(job: JobContext[Any]) -> None:
    """Counts to ten, but breaks in the middle of its first attempts."""
    for number in range(1, 11):
        if number == 6 and job.attempt <= job.input["failures"]:
            raise BackendUnavailable("Not just now.")
        await job.on_chunk(str(number) if number == 1 else f" {number}")


@agent("patient", retry=Retry(attempts=2, backoff_s=60))
async def patient(job: JobContext[Any]) -> None:
    await job.on_chunk("here")
    raise BackendUnavailable("Not for a while.")


@agent("onward", on_retry="continue")
async def onward(job: JobContext[Any]) -> dict[str, Any]:
    """Counts on from what earlier attempts have left."""
    began_at = len(job.text.split())
    for number in range(began_at + 1, job.input["last"] + 1):
        await job.on_chunk(str(number) if number == 1 else f" {number}")
        await asyncio.sleep(1 / job.input["per_s"])
    return {"began_at": began_at}


@agent("limited", timeout_s=2, retry=Retry(attempts=1))
async def limited(job: JobContext[Any]) -> None:
    """Asks the job's backend, and has two seconds."""
    async for _ in job.stream(job.input["prompt"]):
        pass


@agent("impatient", retry=Retry(attempts=2, backoff_s=0.1))
async def impatient(job: JobContext[Any]) -> None:
    """Asks a backend of its own that may be silent for half a second."""
    backend = OpenAIChat(os.environ["OPENAI_BASE_URL"], model="m", silence_timeout_s=0.5)
    asked = ChatRequest((ChatMessage("user", job.input["prompt"]),), None, None, None)
    try:
        async for delta in backend.stream(asked):
            if isinstance(delta, TextDelta):
                await job.on_chunk(delta.text)
    finally:
        await backend.aclose()
