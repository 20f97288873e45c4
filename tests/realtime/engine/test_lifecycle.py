"""Whatever a connection was and however it ended: nothing of it is left."""

import asyncio
import gc
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp.web_protocol import RequestHandler

from realtime.engine.connection import Connection
from realtime.engine.websocket import WebSocket
from tests.realtime.conftest import Node
from tests.realtime.engine.test_polling import waiting_poll
from tests.realtime.engine.wire import CLOSE, TEXT, Served, answering, echoing, frame
from tests.waiting import eventually

VISITS_EACH, FEW = 6, 2  # the latest traceback may hold one
Visit = Callable[[Served], Awaitable[None]]


async def polls_and_leaves(served: Served) -> None:
    polling = await served.polling()
    await polling.post("40")
    await polling.packets()
    await polling.post("1")


async def polls_and_vanishes(served: Served) -> None:
    polling = await served.polling()
    poll = await waiting_poll(served, polling)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)


async def never_polls(served: Served) -> None:
    await served.polling()


async def breaks_off_a_post(served: Served) -> None:
    url = (await served.polling()).url
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path_qs} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 9\r\n\r\n4".encode())
    await writer.drain()
    writer.transport.abort()


async def leaves_during_the_request(served: Served) -> None:
    url = (await served.polling()).url
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"GET {url.path_qs} HT".encode())
    await writer.drain()
    writer.transport.abort()


async def leaves_during_the_handshake(served: Served) -> None:
    async with served.raw():
        pass


async def says_goodbye(served: Served) -> None:
    async with served.raw() as websocket:
        websocket.send(TEXT, b"40")
        websocket.send(CLOSE)
        await websocket.closes()


async def sends_the_close_packet(served: Served) -> None:
    async with served.wire() as wire:
        await wire.send("40", "1")
        await wire.closes()


async def is_reset(served: Served) -> None:
    async with served.raw() as websocket:
        websocket.send(TEXT, b"40")
        await websocket.receive()
        connection = websocket.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


async def breaks_the_rules(served: Served) -> None:
    async with served.raw() as websocket:
        websocket.send(TEXT, b"abc")
        await websocket.closes()


async def leaves_a_request_behind(served: Served) -> None:
    async with served.wire() as wire:
        await wire.send("40", '421["ask",{"wait":1}]')
        await wire.receive()


async def upgrades(served: Served) -> None:
    polling = await served.polling()
    await polling.post("40")
    await polling.packets()
    async with polling.websocket() as wire:
        await wire.send("2probe", "5", '421["ask",{}]')
        assert [await wire.receive() for _ in range(2)] == ["3probe", "431[{}]"]


async def abandons_the_probe(served: Served) -> None:
    polling = await served.polling()
    async with polling.websocket() as wire:
        await wire.send("2probe")
        await wire.receive()


async def never_reads(served: Served) -> None:
    async with served.raw() as websocket:
        (connection,) = served.eio.sockets.values()
        connection.put("4" + "x" * 20_000_000)
        await eventually(lambda: connection.outlet.unsent > 1_000_000)
        websocket.send(CLOSE)


VISITS: list[Visit] = [
    polls_and_leaves, polls_and_vanishes, never_polls, breaks_off_a_post, leaves_during_the_request,
    leaves_during_the_handshake, says_goodbye, sends_the_close_packet, is_reset, breaks_the_rules,
    leaves_a_request_behind, upgrades, abandons_the_probe, never_reads,
]  # fmt: skip


@pytest.fixture
def young() -> Iterator[None]:
    """Only what is made from now on is looked through."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def remains(served: Served) -> dict[str, int]:
    """What connections may leave behind."""
    gc.collect()
    kinds = (Connection, WebSocket, RequestHandler)
    counted = {kind.__name__: 0 for kind in kinds}
    for one in gc.get_objects():
        if type(one) in kinds:
            counted[type(one).__name__] += 1
    return {
        **counted,
        "sockets": len(served.eio.sockets),
        "websockets": len(served.eio.websockets),
        "slots": len(served.eio.outlets),
        "requests": len([task for task in served.eio._tasks if task.get_name() == "request"]),
        "rooms": sum(map(len, served.sockets.manager.rooms.values())) if served.sockets else 0,
        "environments": len(served.sockets.environ) if served.sockets else 0,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "tasks": len(asyncio.all_tasks()),
    }


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.__name__)
async def test_a_visit_leaves_nothing(visit: Visit, monkeypatch: pytest.MonkeyPatch, young: None) -> None:
    """The heartbeat once kept each connection until its next ping would have been due."""
    monkeypatch.setattr("realtime.engine.socket_io.SWEEP_EVERY_S", 0.01)
    monkeypatch.setattr("realtime.engine.socket_io.CONNECT_WITHIN_S", 0.3)
    monkeypatch.setattr("realtime.engine.websocket.CLOSE_WITHIN_S", 0.1)
    async with answering() as served:
        await visit(served)
        served.gate.set()
        await eventually(lambda: not served.eio.sockets)
        await eventually(lambda: not served.eio.websockets)
        base = remains(served)
        for _ in range(VISITS_EACH):
            await visit(served)
        await eventually(lambda: not served.eio.sockets)

        def extra() -> dict[str, int]:
            now = remains(served)
            return {name: now[name] - base[name] for name in now if now[name] - base[name] > FEW}

        with suppress(AssertionError):
            await eventually(lambda: not extra(), 20)
        assert extra() == {}


async def test_everything_at_once_is_over_when_the_server_closes() -> None:
    async with answering() as served:
        async with served.wire() as wire, served.raw() as raw:
            polling = await served.polling()
            poll = await waiting_poll(served, polling)
            probing = await served.polling()
            async with probing.websocket() as probe:
                await probe.send("2probe")
                assert await probe.receive() == "3probe"
                await wire.send("40", '421["ask",{"wait":1}]')
                await wire.receive()
                closing = asyncio.create_task(served.eio.aclose())
                assert await poll == (200, "1")
                assert await raw.closes() == 1001
                assert await wire.closes()
                assert await probe.closes()
                await asyncio.wait_for(closing, 30)
        assert (len(served.eio.outlets), len(served.eio.websockets), served.eio._tasks) == (0, 0, set())
        assert sum(map(len, served.sockets.manager.rooms.values())) == 0


async def test_aiohttps_handler_of_a_websocket_is_let_go_of(echo: Served, young: None) -> None:
    """With its parser for HTTP and its task it is most of what an idle connection would take."""
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"4hello")
        assert await websocket.receive() == (TEXT, b"4hello")
        await eventually(lambda: remains(echo)["RequestHandler"] == 0)
        websocket.send(TEXT, b"4still")
        assert await websocket.receive() == (TEXT, b"4still")


async def test_an_idle_websocket_has_no_task(echo: Served) -> None:
    before = len(asyncio.all_tasks())
    async with echo.raw(), echo.raw(), echo.raw():
        await eventually(lambda: len(asyncio.all_tasks()) <= before)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context and one of a client that trusts it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    alternative = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, *alternative, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    server.load_cert_chain(certificate, key)
    client.load_verify_locations(certificate)
    return server, client


async def test_over_tls_a_websocket_works_and_nobody_else_writes_to_its_descriptor(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls
    large = b"4" + b"x" * 60_000
    async with echoing(tls=server) as served:
        async with served.raw(frame(TEXT, b"4early"), client) as websocket:
            assert await websocket.receive() == (TEXT, b"4early")
            (connection,) = served.eio.sockets.values()
            assert connection.websocket.encrypted
            for _ in range(20):
                websocket.send(TEXT, large)
                assert await websocket.receive() == (TEXT, large)
            assert set(served.eio.outlets.descriptors) == {-1}
            websocket.send(TEXT, b"1")
            assert await websocket.closes() == 1000
        await eventually(lambda: not served.eio.websockets)


async def test_the_node_forgets_its_visitors(node: Node) -> None:
    url = f"{node.url}/socket.io/?EIO=4&transport=websocket"
    for _ in range(5):
        async with node.session.ws_connect(url) as websocket:
            await websocket.send_str("40")
            await websocket.receive_str()
            await websocket.receive_str()
    await eventually(lambda: not node.sockets.connections)
    await eventually(lambda: not sum(map(len, node.sockets.manager.rooms.values())))
    assert len(node.sockets.eio.outlets) == 0
    assert not node.sockets.environ
