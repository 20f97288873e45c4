"""How a node goes: everybody is told when to come back, and let go of in time."""

import asyncio
import json
import signal
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from realtime.app import NODE
from realtime.drain import BATCH_EVERY_S, CLOSED_PER_S, FIRST_BACK_MS, back_after_ms, batches
from shared_events.keys import Keys
from tests.realtime.conftest import Node, serving
from tests.realtime.engine.test_engine import opened
from tests.realtime.engine.wire import Polling, Wire
from tests.realtime.web_process import web_process
from tests.redis_server import RedisServer
from tests.waiting import eventually

MANY = 150


def asked_back_after(packet: str | None) -> int:
    name, payload = json.loads((packet or "").removeprefix("42"))
    assert name == "server:draining"
    return int(payload["retryAfterMs"])


async def connected(stack: AsyncExitStack, node: Node) -> Wire:
    wire = await stack.enter_async_context(opened(node))
    await wire.send("40")
    await wire.receive()
    return wire


async def polling(node: Node) -> Polling:
    session = await Polling(node.session, f"{node.url}/socket.io/").open()
    await session.post("40")
    await session.packets()
    return session


async def until_closed(wire: Wire) -> tuple[int, int | None]:
    """When it was asked back, and the code with which it was closed."""
    after_ms = asked_back_after(await wire.receive())
    assert await wire.closes()
    return after_ms, wire.close_code


async def test_all_are_told_at_different_times_to_come_back_and_closed(node: Node) -> None:
    async with AsyncExitStack() as stack:
        wires = [await connected(stack, node) for _ in range(MANY)]
        closed = asyncio.gather(*map(until_closed, wires))
        await node.app[NODE].drain()
        ends = await closed
    assert {code for _, code in ends} == {1012}
    assert len({after_ms for after_ms, _ in ends}) > MANY // 3
    assert all(FIRST_BACK_MS <= after_ms <= FIRST_BACK_MS + 1000 for after_ms, _ in ends)
    assert node.sockets.eio.closed["draining"] == MANY


async def test_meanwhile_the_node_is_not_ready_and_newcomers_are_sent_away(node: Node) -> None:
    async with AsyncExitStack() as stack:
        await connected(stack, node)
        draining = asyncio.create_task(node.app[NODE].drain())
        await eventually(lambda: node.sockets.eio.refusing)
        assert not draining.done()
        assert (await node.get("/readyz"))[0] == 503
        assert (await node.get("/healthz"))[0] == 200
        for transport in ("polling", "websocket"):
            query = f"EIO=4&transport={transport}"
            headers = {"Upgrade": "websocket"} if transport == "websocket" else {}
            async with node.session.get(f"{node.url}/socket.io/?{query}", headers=headers) as response:
                assert (response.status, response.headers["Retry-After"]) == (503, "1")
        await draining


async def test_load_balancers_are_told_before_anybody_goes(shared_redis: RedisServer, keys: Keys) -> None:
    patience = {"DRAIN_NOTICE_SECONDS": "600"}
    async with serving(shared_redis.url, keys, **patience) as node, AsyncExitStack() as stack:
        wire = await connected(stack, node)
        draining = asyncio.create_task(node.app[NODE].drain())
        await eventually(lambda: node.app[NODE].http.draining)
        assert (await node.get("/readyz"))[0] == 503
        newcomer = await connected(stack, node)
        for one in (wire, newcomer):
            await one.send('421["job:unsubscribe",{}]')
            assert (await one.receive() or "").startswith("431")
        draining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await draining


async def test_a_waiting_poll_is_told_and_the_next_one_is_let_go_of(node: Node) -> None:
    session = await polling(node)
    poll = asyncio.create_task(session.packets())
    (connection,) = node.sockets.connections
    await eventually(lambda: connection._poll is not None)
    draining = asyncio.create_task(node.app[NODE].drain())
    (notice,) = await poll
    assert asked_back_after(notice) >= FIRST_BACK_MS
    status, packets = await session.poll()
    assert (status, packets) == (200, "1") or status == 400
    await draining


async def test_who_has_not_opened_the_namespace_is_closed_without_a_word(node: Node) -> None:
    async with opened(node) as wire:
        await node.app[NODE].drain()
        assert await wire.receive() is None
        assert wire.close_code == 1012


async def test_who_does_not_read_does_not_hold_up_the_others(node: Node) -> None:
    async with AsyncExitStack() as stack:
        wires = [await connected(stack, node) for _ in range(3)]
        for connection in node.sockets.connections:
            connection.put("4" + "x" * 3_000_000)
        began = time.monotonic()
        await node.app[NODE].drain()
        assert time.monotonic() - began < 10
        assert not node.sockets.connections
        del wires


async def test_without_connections_there_is_nothing_to_wait_for(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.drain.BATCH_EVERY_S", 3600)
    await asyncio.wait_for(node.app[NODE].drain(), 30)


async def test_the_drain_takes_no_longer_than_it_may(
    shared_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.drain.CLOSED_PER_S", 5)
    async with serving(shared_redis.url, keys, DRAIN_SECONDS="1") as node, AsyncExitStack() as stack:
        for _ in range(MANY):
            await connected(stack, node)
        began = time.monotonic()
        await node.app[NODE].drain()
        assert time.monotonic() - began < 10


@given(st.integers(0, 50_000), st.floats(0, 60))
def test_batches_hold_everybody_once_and_end_in_time(count: int, longest_s: float) -> None:
    made: list[Any] = batches(range(count), longest_s=longest_s)  # type: ignore[arg-type]
    assert [one for batch in made for one in batch] == list(range(count))
    assert len(made) * BATCH_EVERY_S <= max(longest_s, BATCH_EVERY_S) + 1e-9
    assert not made or len(made[0]) >= min(count, CLOSED_PER_S * BATCH_EVERY_S)


@given(st.integers(1, 100_000))
def test_clients_come_back_spread_over_the_time_that_their_number_needs(connections: int) -> None:
    assert FIRST_BACK_MS <= back_after_ms(connections) <= FIRST_BACK_MS + 2 * connections


@pytest.mark.parametrize("connections", [0, 20])
async def test_the_process_ends_well_and_soon(
    shared_redis: RedisServer, keys: Keys, connections: int
) -> None:
    async with (
        web_process(shared_redis, keys) as web,
        ClientSession() as session,
        AsyncExitStack() as stack,
    ):
        wires = []
        for _ in range(connections):
            websocket = f"{web.url}/socket.io/?EIO=4&transport=websocket"
            wires.append(Wire(await stack.enter_async_context(session.ws_connect(websocket))))
            await wires[-1].receive()
            await wires[-1].send("40")
            await wires[-1].receive()
        web.process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*map(until_closed, wires))
        assert {code for _, code in ends} <= {1012}
        assert await asyncio.wait_for(web.process.wait(), 30) == 0
