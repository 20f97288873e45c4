"""A real node for the tests of this folder: the application on a port, a real Redis behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis as sync_redis
from aiohttp import ClientSession, web

from launch.settings import Settings, read_settings
from realtime.app import make_app
from shared_events.catalogue import announce
from shared_events.contract import AgentEntry, Announcement, BackendEntry
from shared_events.keys import Keys
from tests.realtime.peer import Peer, connected
from tests.redis_server import RedisServer
from tests.stack import free_port
from tests.waiting import eventually_awaited

CHAT = AgentEntry(
    name="chat",
    description="Answers.",
    input_schema={
        "type": "object",
        "properties": {"prompt": {"type": "string", "minLength": 1}},
        "required": ["prompt"],
        "additionalProperties": False,
    },
)
SCRIPTED = BackendEntry(name="scripted", kind="scripted", models=["essay"])


class Node:
    """A node that serves, and what a test needs to talk to it."""

    def __init__(self, settings: Settings, session: ClientSession) -> None:
        self.settings = settings
        self.url = settings.url.rstrip("/")
        self.session = session

    async def get(self, path: str) -> tuple[int, object]:
        async with self.session.get(self.url + path) as response:
            return response.status, await response.json(content_type=None)

    async def post(self, path: str, **options: object) -> tuple[int, object]:
        async with self.session.post(self.url + path, **options) as response:  # type: ignore[arg-type]
            return response.status, await response.json(content_type=None)

    async def is_ready(self) -> bool:
        return (await self.get("/readyz"))[0] == 200


@asynccontextmanager
async def serving(redis_url: str, keys: Keys, **settings: str) -> AsyncIterator[Node]:
    """A node of its own, ready."""
    environment = {"REDIS_URL": redis_url, "KEY_PREFIX": keys.prefix, "PORT": str(free_port()), **settings}
    read = read_settings(environment)
    runner = web.AppRunner(make_app(read), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, read.host, read.port).start()
    async with ClientSession() as session:
        node = Node(read, session)
        try:
            await eventually_awaited(node.is_ready)
            yield node
        finally:
            await runner.cleanup()


@pytest.fixture
async def node(shared_redis: RedisServer, keys: Keys) -> AsyncIterator[Node]:
    async with serving(shared_redis.url, keys) as one:
        yield one


@pytest.fixture
async def peer(node: Node) -> AsyncIterator[Peer]:
    async with connected(node.url) as one:
        yield one


@pytest.fixture
def catalogue(shared_redis: RedisServer, keys: Keys) -> Announcement:
    """As if a worker with `chat` and `scripted` ran."""
    announcement = Announcement(agents=[CHAT], backends=[SCRIPTED])
    client = sync_redis.Redis.from_url(shared_redis.url, protocol=2)
    announce(client, keys, "w1", announcement)
    client.close()
    return announcement
