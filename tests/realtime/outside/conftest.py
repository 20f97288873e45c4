"""A publisher of each kind, and jobs for it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.realtime.conftest import Node
from tests.realtime.outside.publisher import OverHttp, Published, Publisher, over_socket, submitted

NewJob = Callable[[], Awaitable[Published]]


@pytest.fixture(params=["http", "socket"])
async def publisher(request: pytest.FixtureRequest, node: Node) -> AsyncIterator[Publisher]:
    if request.param == "http":
        yield OverHttp(node)
        return
    async with over_socket(node.url) as one:
        yield one


@pytest.fixture
def new_job(node: Node, publisher: Publisher) -> NewJob:
    async def made() -> Published:
        accepted = await submitted(node)
        return Published(publisher, accepted["jobId"], accepted["publish"]["token"])

    return made


@pytest.fixture
async def job(new_job: NewJob) -> Published:
    """Begun."""
    made = await new_job()
    assert (await made.begin())["ok"]
    return made
