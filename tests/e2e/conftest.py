"""An installation for the tests of this folder, and a client of it that folds what it is sent."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cli.follower import Client, connected
from shared_events.fold import JobView
from tests.stack import Stack, stack


@pytest.fixture(scope="session")
def scripted() -> Iterator[Stack]:
    """One installation for all tests that break nothing."""
    with stack() as running:
        yield running


@pytest.fixture
def fragile() -> Iterator[Stack]:
    """An installation that the test may break."""
    with stack() as running:
        yield running


def counted(last: int) -> str:
    """What the model `count-<last>@R` says."""
    return " ".join(map(str, range(1, last + 1)))


async def submit(client: Client, *, model: str | None = None, prompt: str = "go", **fields: Any) -> str:
    request: dict[str, Any] = {"agent": "chat", "input": {"prompt": prompt}, **fields}
    return await client.submit(request | ({"model": model} if model else {}))


async def followed(client: Client, job_id: str) -> JobView:
    """The job's view at its end; at every event the text only ever grew."""
    view = JobView(job_id)
    shown = ""
    async for _, now in client.follow(job_id, view):
        assert now.text.startswith(shown), "a follower's text went back"
        shown = now.text
    return view


@asynccontextmanager
async def client_of(running: Stack, transport: str = "websocket") -> AsyncIterator[Client]:
    async with connected(running.url, transports=[transport]) as client:
        yield client
