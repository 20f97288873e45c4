"""An installation for the tests of this folder, and a client of it that folds what it is sent."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from cli.follower import Client, connected
from shared_events.fold import JobView
from tests.e2e.aftermath import assert_nothing_left
from tests.stack import Stack, stack

AUTHORS: Final = Path(__file__).with_name("author_agents.toml")


@contextmanager
def busy_stack(**settings: str) -> Iterator[Stack]:
    """An installation for many jobs and for faults: the agents of `author_agents`, short leases.

    Whatever is done to it, it must be left with a worker, and nothing is left behind.
    """
    chosen = {"WORKER_CONCURRENCY": "250", "LEASE_SECONDS": "2", "DRAIN_SECONDS": "30", **settings}
    with stack(JOBCAST_CONFIG=str(AUTHORS), **chosen) as running:
        yield running
        assert_nothing_left(running)


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
