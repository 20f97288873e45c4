"""A node that may open few files: whoever is there is served on, newcomers are sent away, and it says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, TCPConnector, WSServerHandshakeError

from realtime.engine.room import Room
from shared_events.keys import Keys
from tests.realtime.engine.wire import Served, Wire
from tests.realtime.web_process import WebProcess, web_process
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited

FILES = 200


class Visitors:
    """Who has come to a node, over connections of their own."""

    def __init__(self, web: WebProcess, session: ClientSession, stack: AsyncExitStack) -> None:
        self._web, self._session, self._stack = web, session, stack

    async def follower(self) -> Wire:
        """Raises `WSServerHandshakeError` if the node has no room."""
        address = f"{self._web.url}/socket.io/?EIO=4&transport=websocket"
        wire = Wire(await self._stack.enter_async_context(self._session.ws_connect(address)))
        await wire.receive()
        await wire.send("40")
        await wire.receive()
        return wire

    async def followers_until_refused(self) -> tuple[list[Wire], WSServerHandshakeError]:
        wires: list[Wire] = []
        with pytest.raises(WSServerHandshakeError) as refusal:
            while len(wires) < FILES:
                wires.append(await self.follower())
        return wires, refusal.value

    async def silent(self) -> asyncio.StreamReader:
        """A connection on which nothing is asked."""
        host, port = self._web.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        self._stack.callback(writer.close)
        return reader

    async def may_come(self) -> bool:
        try:
            await self.follower()
        except WSServerHandshakeError:
            return False
        return True


@pytest.fixture
async def web(shared_redis: RedisServer, keys: Keys) -> AsyncIterator[WebProcess]:
    async with web_process(shared_redis, keys, files=FILES) as one:
        yield one


@pytest.fixture
async def visitors(web: WebProcess) -> AsyncIterator[Visitors]:
    async with ClientSession(connector=TCPConnector(limit=0)) as session, AsyncExitStack() as stack:
        yield Visitors(web, session, stack)


async def is_served(wire: Wire) -> bool:
    await wire.send('421["job:unsubscribe",{}]')
    return (await wire.receive() or "").startswith("431")


def was_turned_away(reader: asyncio.StreamReader) -> bool:
    return reader.at_eof() or reader.exception() is not None


async def test_a_full_node_sends_newcomers_away_and_says_how_it_is(
    web: WebProcess, visitors: Visitors
) -> None:
    wires, refusal = await visitors.followers_until_refused()
    assert refusal.status == 503
    assert refusal.headers is not None and refusal.headers["Retry-After"] == "1"
    assert Room(FILES).files_of_sessions // 2 < len(wires) < Room(FILES).files_of_sessions
    assert await web.is_ready()
    assert "jobcast_connections_refused_total 1.0" in (await web.get("/metrics"))[1]
    assert all([await is_served(wire) for wire in wires])


async def test_when_somebody_leaves_there_is_room_again(visitors: Visitors) -> None:
    wires, _ = await visitors.followers_until_refused()
    await wires[3].send("1")
    assert await wires[3].closes()
    await eventually_awaited(visitors.may_come)
    assert not await visitors.may_come()


async def test_connections_that_ask_nothing_take_nothing_from_who_is_there(
    web: WebProcess, visitors: Visitors
) -> None:
    wire = await visitors.follower()
    async with AsyncExitStack() as crowd, ClientSession() as session:
        readers = [await Visitors(web, session, crowd).silent() for _ in range(2 * FILES)]
        await eventually(lambda: sum(map(was_turned_away, readers)) > FILES)
        assert not all(map(was_turned_away, readers))
        assert await is_served(wire)
    await eventually_awaited(web.is_ready)
    assert await visitors.may_come()


async def test_a_node_takes_no_more_sessions_than_it_was_told(echo: Served) -> None:
    """Those that poll and hold no connection count, too."""
    echo.eio.room = Room(10_000, most=2)
    first, _ = [await echo.polling() for _ in range(2)]
    status, response, text = await echo.get("EIO=4&transport=polling")
    assert (status, text) == (503, "This node has no room for more connections.")
    assert (response.headers["Retry-After"], response.headers["Connection"]) == ("1", "close")
    await first.post("1")
    await echo.polling()
    assert echo.eio.room.refused == 1
