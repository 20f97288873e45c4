"""The real server behind the port of the model."""

from collections.abc import Iterator

import pytest

from tests.model.real_server import RealServer
from tests.redis_server import RedisServer


@pytest.fixture
def real_server(shared_redis: RedisServer) -> Iterator[RealServer]:
    server = RealServer(shared_redis.url)
    yield server
    server.close()
