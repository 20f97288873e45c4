"""An Engine.IO server that echoes, and a Socket.IO server that answers."""

from collections.abc import AsyncIterator

import pytest

from tests.realtime.engine.wire import Served, answering, echoing


@pytest.fixture
async def echo() -> AsyncIterator[Served]:
    async with echoing() as served:
        yield served


@pytest.fixture
async def answers() -> AsyncIterator[Served]:
    async with answering() as served:
        yield served
