"""How much a connection may send, and how little it may read."""

import asyncio

import pytest

from realtime.engine import engine_io
from realtime.errors import TooMany
from realtime.limits import COSTS, PER_CONNECTION_BURST, PER_USER_BURST, Limits
from realtime.rates import MOST_BUCKETS, Rates, TokenBucket
from tests.realtime.conftest import Node
from tests.realtime.engine.test_engine import opened
from tests.realtime.engine.wire import PING, PONG, TEXT, Served, frame, raw_websocket
from tests.waiting import eventually

BURST = int(engine_io.FLOOD_BURST)


@pytest.mark.parametrize(
    ("opcode", "payload"),
    [(TEXT, b"4x"), (PING, b""), (PONG, b"")],
    ids=["packets", "websocket pings", "websocket pongs"],
)
async def test_a_flood_closes_the_connection_and_no_other(echo: Served, opcode: int, payload: bytes) -> None:
    async with echo.raw() as honest, echo.raw() as flooding:
        flooding.writer.write(frame(opcode, payload) * (BURST + 500))
        reading = asyncio.create_task(flooding.closes())
        assert await reading == 1008
        honest.send(TEXT, b"4still")
        assert await honest.receive() == (TEXT, b"4still")
    assert echo.eio.closed["protocol_violation"] == 1


async def test_large_packets_are_a_flood_sooner(echo: Served) -> None:
    heard: list[str] = []
    echo.eio.on_message = lambda _connection, data: heard.append(data)
    async with echo.raw() as websocket:
        websocket.writer.write(frame(TEXT, b"4" + b"x" * 65_000) * 100)
        assert await websocket.closes() == 1008
    assert 20 < len(heard) < 80


async def test_who_asks_on_and_on_is_told_too_many_and_lives(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.limits.PER_CONNECTION_S", 0.01)  # however long it takes here
    async with opened(node) as wire:
        await wire.send("40")
        await wire.receive()
        asked = int(PER_CONNECTION_BURST) + 100
        await wire.send(*['421["job:unsubscribe",{"jobId":"0123456789abcdefghij"}]'] * asked)
        answers = [await wire.receive() or "" for _ in range(asked)]
        refused = [answer for answer in answers if '"too_many"' in answer]
        assert len(refused) == 100
        assert await wire.ask("job:unsubscribe", {"jobId": "x"})


def test_a_submission_costs_more_than_another_request() -> None:
    limits, budget = Limits(), TokenBucket(0.0)
    allowed = 0
    with pytest.raises(TooMany, match="One connection"):
        while True:
            limits.check("job:submit", user="a", budget=budget)
            allowed += 1
    assert allowed == PER_CONNECTION_BURST / COSTS["job:submit"]


def test_one_user_is_limited_over_all_connections_and_another_is_not() -> None:
    limits = Limits()
    with pytest.raises(TooMany, match="One user"):
        for _ in range(int(PER_USER_BURST) * 2):
            limits.check("job:subscribe", user="a")
    limits.check("job:subscribe", user="b")


def test_a_bucket_fills_at_its_rate_and_not_over_its_burst() -> None:
    bucket = TokenBucket(0.0)

    def take(cost: float, now: float) -> bool:
        return bucket.take(cost, rate=10, burst=20, now=now)

    assert take(20, 0.0)
    assert not take(1, 0.05)
    assert take(1, 0.1)
    assert not take(21, 1000.0)
    assert take(20, 1000.0)


def test_buckets_are_bounded_and_the_oldest_go() -> None:
    rates = Rates(rate=1, burst=1, clock=lambda: 0.0)
    for key in range(MOST_BUCKETS + 10):
        assert rates.allow(key)
    assert len(rates._buckets) == MOST_BUCKETS
    assert not rates.allow(MOST_BUCKETS)
    assert rates.allow(0)


async def test_who_reads_nothing_is_cut_and_holds_no_memory(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.fan_out.outlet.STALLED_S", 0.2)
    monkeypatch.setattr("realtime.engine.socket_io.SWEEP_EVERY_S", 0.05)
    async with raw_websocket(f"{node.url}/socket.io/?EIO=4&transport=websocket") as websocket:
        websocket.send(TEXT, b"40")
        (connection,) = node.sockets.connections
        await eventually(lambda: connection.ready)
        connection.put("4" + "x" * 30_000_000)
        await eventually(lambda: node.sockets.eio.closed["slow_consumer"] == 1)
        assert connection.outlet.unsent == 0
        await eventually(lambda: not node.sockets.eio.websockets)


async def test_who_reads_slowly_stays(echo: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.fan_out.outlet.STALLED_S", 0.5)
    async with echo.raw() as websocket:
        (connection,) = echo.eio.sockets.values()
        connection.put("4" + "x" * 20_000_000)
        left, now = 20_000_010, 0.0
        while left > 4_000_000:
            left -= len(await websocket.reader.read(1_000_000))
            now += 0.1
            assert not connection.outlet.stalled(asyncio.get_running_loop().time() + 0.3)


async def test_a_websocket_ping_is_not_answered_while_nothing_is_read(echo: Served) -> None:
    """Each answer would be held, too."""
    heard: list[str] = []
    echo.eio.on_message = lambda _connection, data: heard.append(data)
    async with echo.raw() as websocket:
        (connection,) = echo.eio.sockets.values()
        connection.put("4" + "x" * 20_000_000)
        await eventually(lambda: connection.outlet.unsent > 1_000_000)
        before = connection.outlet.unsent
        for _ in range(1_000):
            websocket.send(PING, b"x" * 125)
        websocket.send(TEXT, b"4heard")
        await eventually(lambda: heard)
        assert connection.outlet.unsent <= before
