"""Acks, pings and job events arrive in the order in which they were handed over, whatever carries them."""

import asyncio
import json
import random
from types import SimpleNamespace
from typing import Any, cast

import engineio
import pytest
import socketio
from hypothesis import given
from hypothesis import strategies as st

from realtime.engine.connection import Connection
from realtime.engine.socket_io import Endpoint
from realtime.fan_out.batch import Batch
from realtime.fan_out.framing import text_message
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from shared_events.ids import new_job_id
from tests.realtime.engine.wire import Served, answering
from tests.waiting import eventually

over_each = pytest.mark.parametrize(
    "transports", [["polling"], ["websocket"], None], ids=["polling", "websocket", "upgrade"]
)
MOVES = ["control", "events", "directly", "take", "tick", "block", "release", "upgrade"]
DESCRIPTOR = 7


class Transport:
    """A transport that holds what it is given while it is `blocked`."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.blocked = False
        self.sent = bytearray()
        self.held = bytearray()

    def write(self, data: bytes) -> None:
        if not self.blocked:
            self.sent += data
            return
        if not self.held:
            self._outlet.blocked()
        self.held += data

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def release(self) -> None:
        self.blocked = False
        self.sent, self.held = self.sent + self.held, bytearray()
        self._outlet.drained()


class Line:
    """An outlet that follows one job, and all that has arrived from it."""

    def __init__(self) -> None:
        self.outlets = Outlets()
        self.outlet = Outlet(self.outlets)
        self.transport = Transport(self.outlet)
        self.polled: list[str] = []
        self.handed: list[str] = []
        self.direct = 0
        follower = SimpleNamespace(live=True, hidden=False)
        self.outlet.follow(new_job_id(), cast("Any", follower))
        self.upgraded = False

    def _next(self) -> bytes:
        self.handed.append(f'42["{len(self.handed)}"]')
        return self.handed[-1][2:].encode()

    def control(self) -> None:
        self._next()
        self.outlet.send(self.handed[-1])

    def events(self) -> None:
        self.outlet.deliver(Batch([self._next() for _ in range(3)]))

    def directly(self) -> None:
        """As who sends one batch to many does, wherever it may."""
        if self.outlets.descriptors[self.outlet.slot] != DESCRIPTOR:
            self.events()
        else:
            self._write_past_it()

    def _write_past_it(self) -> None:
        assert not self.transport.held
        self.direct += 1
        messages = Batch([self._next() for _ in range(3)]).messages
        written = 5 if self.transport.blocked else len(messages)
        self.transport.sent += messages[:written]
        if written < len(messages):
            self.outlet.put_rest(messages, written)

    def take(self) -> None:
        self.polled += self.outlet.take(2)

    def tick(self) -> None:
        self.outlets.flush()

    def block(self) -> None:
        self.transport.blocked = True

    def release(self) -> None:
        self.transport.release() if self.upgraded else None

    def upgrade(self) -> None:
        if not self.upgraded:
            self.upgraded = True
            self.outlet.open_socket(cast("Any", self.transport), DESCRIPTOR)

    def arrived(self) -> list[str]:
        for _ in range(len(self.handed)):
            self.take()
        self.tick()
        self.transport.release()
        self.tick()
        return self.polled + messages_in(bytes(self.transport.sent))


def messages_in(data: bytes) -> list[str]:
    """Of short text messages."""
    messages = []
    while data:
        size = data[1]
        messages.append(data[2 : 2 + size].decode())
        assert text_message(messages[-1].encode()) == data[: 2 + size]
        data = data[2 + size :]
    return messages


async def played(moves: list[str]) -> Line:
    line = Line()
    for move in moves:
        getattr(line, move)()
    return line


@given(st.lists(st.sampled_from(MOVES), max_size=60))
def test_an_outlet_keeps_the_order_over_polling_the_upgrade_and_a_websocket(moves: list[str]) -> None:
    line = asyncio.run(played(moves))
    assert line.arrived() == line.handed


def test_the_moves_meet_what_they_are_about() -> None:
    """Otherwise the order would be kept because nothing happens."""
    dice = random.Random(1)
    lines = [asyncio.run(played(dice.choices(MOVES, k=60))) for _ in range(200)]
    assert sum(line.direct for line in lines) > 100
    assert sum(len(line.polled) for line in lines) > 100
    assert sum(len(line.transport.held) for line in lines) > 500


def numbered(connection: Connection, dice: random.Random, count: int) -> None:
    """Put so many packets, some as acks and pings are put, some as job events are."""
    for _ in range(count):
        connection.numbered = number = getattr(connection, "numbered", -1) + 1
        if dice.random() < 0.5:
            connection.put(f'42["n",{number}]')
        else:
            connection.outlet.deliver(Batch([json.dumps(["n", number]).encode()]))


async def pump(connection: Connection, *, packets: int) -> None:
    """In lumps of several sizes, for as long as the client takes to come and to upgrade."""
    dice = random.Random(7)
    for _ in range(packets // 10):
        numbered(connection, dice, 10)
        await asyncio.sleep(dice.choice([0, 0, 0.001, 0.01]))


@pytest.mark.parametrize(
    "transports", [["polling"], ["websocket"], None], ids=["polling", "websocket", "upgrade"]
)
async def test_a_real_client_gets_everything_in_order(echo: Served, transports: list[str] | None) -> None:
    packets = 1_000
    received: list[int] = []

    async def begin(sid: str, _environ: object) -> None:
        echo.eio.spawn(pump(echo.eio.sockets[sid], packets=packets), "pump")

    echo.eio.on("connect", begin)
    client = engineio.AsyncClient()
    client.on("message", lambda data: received.append(json.loads(data[1:])[1]))
    await client.connect(echo.url.removesuffix("/engine.io/"), transports=transports)
    await eventually(lambda: len(received) == packets)
    assert client.transport() == (transports or ["websocket"])[0]
    await client.disconnect(abort=True)
    assert received == list(range(packets))


@pytest.mark.parametrize(
    "transports", [["polling"], ["websocket"], None], ids=["polling", "websocket", "upgrade"]
)
async def test_answers_and_events_reach_a_real_client_as_they_were_put(transports: list[str] | None) -> None:
    received: list[int] = []
    async with answering() as served:
        sequence = iter(range(10_000))

        async def dispatch(outlet: Outlet, _name: str, _payload: Any) -> Any:
            before = [json.dumps(["n", next(sequence)]).encode() for _ in range(2)]
            outlet.deliver(Batch(before))
            answer = {"n": next(sequence)}
            after = Batch([json.dumps(["n", next(sequence)]).encode()])
            return answer, lambda: outlet.deliver(after)

        served.sockets._endpoints["/"] = Endpoint(dispatch, frozenset({"ask"}))
        client = socketio.AsyncClient(reconnection=False)
        client.on("n", received.append)
        await client.connect(served.url.removesuffix("/socket.io/"), transports=transports)
        for _ in range(100):
            await client.emit("ask", {}, callback=lambda answer: received.append(answer["n"]))
        await eventually(lambda: len(received) == 400)
        await client.eio.disconnect(abort=True)
    assert received == list(range(400))
