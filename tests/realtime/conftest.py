"""A real node for the tests of this folder: the application on a port, a real Redis behind it."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import redis as sync_redis
from aiohttp import ClientSession, TCPConnector, web

from launch.settings import Settings, read_settings
from realtime.app import NODE, make_app, make_runner
from realtime.engine.socket_io import SocketServer
from realtime.fan_out.broadcast import NATIVE_AVAILABLE, SendMany, choose
from shared_events.catalogue import announce
from shared_events.contract import AgentEntry, Announcement, BackendEntry
from shared_events.keys import Keys
from tests.realtime.fan_out.sockets import Connect, Line, tcp_line, unix_line
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

    def __init__(self, settings: Settings, session: ClientSession, app: web.Application) -> None:
        self.settings = settings
        self.app = app
        self.url = settings.url.rstrip("/")
        self.session = session

    @property
    def sockets(self) -> SocketServer:
        return self.app[NODE].sockets

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
    app = make_app(read)
    runner = make_runner(app, shutdown_timeout_s=0.2)
    await runner.setup()
    await web.TCPSite(runner, read.host, read.port).start()
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        node = Node(read, session, app)
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


@pytest.fixture(params=["python", "native"])
def send_many(request: pytest.FixtureRequest) -> SendMany:
    """Sending to many sockets, in each way that there is."""
    if request.param == "native" and not NATIVE_AVAILABLE:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("the part in C was not built")
    return choose(native=request.param == "native")


@pytest.fixture(params=[unix_line, tcp_line], ids=["unix", "tcp"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes connections, and closes them at the end."""
    lines: list[Line] = []

    def made() -> Line:
        lines.append(request.param())
        return lines[-1]

    yield made
    for line in lines:
        line.close()
