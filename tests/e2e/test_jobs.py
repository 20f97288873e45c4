"""Jobs from end to end: submitted, run by a real worker, followed to the end."""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI

from shared_events.events import JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.agents.backends.llm_server import aimock_process, byte_server, says
from tests.e2e.conftest import client_of, counted, followed, submit
from tests.stack import Stack, stack
from tests.waiting import eventually

ANSWER = "Grüße 👩‍🚀 — “quotes”, tabs\t, new\nlines, \\ and \u2028.\n" * 40


def http_job(running: Stack, job_id: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{running.url}v1/jobs/{job_id}", timeout=30) as response:
        return dict(json.loads(response.read()))


async def logged_text(running: Stack, job_id: str) -> str:
    redis = connect(running.redis.url)
    try:
        return (await JobLog(redis, Keys()).view(JobId(job_id))).text
    finally:
        await redis.aclose()


@contextmanager
def with_llm(base_url: str) -> Iterator[Stack]:
    with stack(OPENAI_BASE_URL=base_url, OPENAI_API_KEY="sk-secret-of-the-test", OPENAI_MODEL="m") as running:
        yield running


async def test_a_scripted_job_is_the_same_everywhere(scripted: Stack) -> None:
    async with client_of(scripted) as client:
        job_id = await submit(client, model="count-100@400")
        view = await followed(client, job_id)
    assert (view.text, view.status) == (counted(100), JobStatus.COMPLETED)
    assert http_job(scripted, job_id)["text"] == await logged_text(scripted, job_id) == view.text


async def test_followers_over_both_transports_see_the_same(scripted: Stack) -> None:
    async with client_of(scripted) as one, client_of(scripted, "polling") as two:
        job_id = await submit(one, model="count-200@200")
        views = await asyncio.gather(followed(one, job_id), followed(two, job_id))
    assert [view.text for view in views] == [counted(200)] * 2


async def test_a_cancel_reaches_a_running_job_at_once(scripted: Stack) -> None:
    async with client_of(scripted) as client, client_of(scripted) as other_tab:
        job_id = await submit(client, model="count-1000@20")
        following = asyncio.create_task(followed(client, job_id))
        await eventually(lambda: http_job(scripted, job_id)["status"] == "running")
        asked = time.monotonic()
        assert await other_tab.cancel(job_id) == "accepted"
        view = await following
    assert time.monotonic() - asked < 10
    assert view.status is JobStatus.CANCELLED
    assert counted(1000).startswith(view.text)


async def read_with_sdk(base_url: str, prompt: str) -> str:
    """The answer as the official SDK reads it."""
    sdk = AsyncOpenAI(base_url=base_url, api_key="any")
    stream = await sdk.chat.completions.create(
        model="m", messages=[{"role": "user", "content": prompt}], stream=True
    )
    parts = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    # aimock cuts between the halves of an emoji, and the SDK hands the halves on.
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16")


async def test_an_answer_over_a_real_llm_protocol_is_byte_equal_to_the_sdks() -> None:
    fixture = says("hello", ANSWER, chunkSize=7, latency=2)
    with aimock_process([fixture]) as base_url, with_llm(base_url) as running:
        expected = await read_with_sdk(base_url, "hello")
        async with client_of(running) as client:
            job_id = await submit(client, prompt="hello")
            view = await followed(client, job_id)
        assert view.text == expected == ANSWER
        assert view.text == await logged_text(running, job_id) == http_job(running, job_id)["text"]
        assert "sk-secret" not in running.worker.log.read_text()


CHUNK = b'data: {"choices":[{"delta":{"content":"half an answer"}}]}\n\n'


@pytest.mark.parametrize(
    ("status", "headers", "chunks", "code", "retryable", "text"),
    [
        (401, {}, [b'{"error":{"message":"bad key sk-secret-of-the-test"}}'], "backend_auth", False, ""),
        (429, {"Retry-After": "7"}, [b'{"error":{"message":"slow down"}}'], "backend_rate_limited", True, ""),
        (500, {}, [b"oops"], "backend_unavailable", True, ""),
        (200, {"Content-Type": "text/html"}, [b"<html>hello</html>"], "backend_protocol", False, ""),
        (200, {}, [], "backend_incomplete", True, ""),
        (200, {}, [CHUNK, b'data: {"choices":[{"del'], "backend_incomplete", True, "half an answer"),
        (200, {}, [CHUNK, b'data: {"error":{"message":"overloaded"}}\n\n'], None, None, "half an answer"),
    ],
)
async def test_an_llm_that_fails_ends_the_job_with_its_reason(
    status: int,
    headers: dict[str, str],
    chunks: list[bytes],
    code: str | None,
    retryable: bool | None,
    text: str,
) -> None:
    sent = {"Content-Type": "text/event-stream", **headers}
    async with byte_server(status, sent, chunks) as base_url:
        with with_llm(base_url) as running:
            async with client_of(running) as client:
                view = await followed(client, await submit(client))
            log = running.worker.log.read_text()
    assert (view.status, view.text) == (JobStatus.FAILED, text)
    assert view.error is not None
    assert view.error.code.startswith("backend_")
    assert code is None or (view.error.code, view.error.retryable) == (code, retryable)
    assert "sk-secret" not in view.error.message + log


async def test_cancelling_closes_the_connection_to_a_silent_llm() -> None:
    gone = asyncio.Event()

    async def silence() -> AsyncIterator[bytes]:
        yield CHUNK
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()

    async with byte_server(chunks=silence()) as base_url:
        with with_llm(base_url) as running:
            async with client_of(running) as client:
                job_id = await submit(client)
                following = asyncio.create_task(followed(client, job_id))
                await eventually(lambda: http_job(running, job_id)["text"])
                await client.cancel(job_id)
                await asyncio.wait_for(gone.wait(), 30)
                view = await following
    assert (view.status, view.text) == (JobStatus.CANCELLED, "half an answer")
