"""Websocket frames as RFC 6455 has them, and as it does not."""

import asyncio
import socket
import struct

import pytest

from realtime.engine import websocket as engine
from tests.realtime.engine.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Served, echoing, frame
from tests.waiting import eventually

RESERVED = [0x40, 0x20, 0x10]


async def test_a_message_in_fragments_with_a_ping_between_is_put_together(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"4he", flags=0)
        websocket.send(PING, b"there?")
        websocket.send(CONTINUATION, b"l", flags=0)
        websocket.send(CONTINUATION, b"lo")
        assert await websocket.receive() == (PONG, b"there?")
        assert await websocket.receive() == (TEXT, b"4hello")


async def test_bytes_that_come_one_by_one_are_put_together(echo: Served) -> None:
    async with echo.raw() as websocket:
        for byte in frame(TEXT, "4ü".encode()):
            websocket.writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert await websocket.receive() == (TEXT, "4ü".encode())


async def test_a_ping_is_answered_with_its_payload(echo: Served) -> None:
    async with echo.raw() as websocket:
        for payload in (b"", b"x" * 125):
            websocket.send(PING, payload)
            assert await websocket.receive() == (PONG, payload)


async def test_a_pong_that_nobody_asked_for_is_nothing(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.send(PONG, b"x")
        websocket.send(TEXT, b"4hello")
        assert await websocket.receive() == (TEXT, b"4hello")


async def test_an_unmasked_frame_is_read_all_the_same(echo: Served) -> None:
    """RFC 6455 would close; aiohttp's parser does not tell, and nothing here depends on it."""
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"4hello", masked=False)
        assert await websocket.receive() == (TEXT, b"4hello")


@pytest.mark.parametrize(
    ("opcode", "payload", "flags", "code"),
    [
        *(pytest.param(TEXT, b"4x", 0x80 | bit, 1002, id=f"reserved bit {bit:#x}") for bit in RESERVED),
        *(pytest.param(code, b"4x", 0x80, 1002, id=f"opcode {code}") for code in (3, 7, 11, 15)),
        pytest.param(CONTINUATION, b"4x", 0x80, 1002, id="a continuation of nothing"),
        pytest.param(PING, b"", 0, 1002, id="a ping in fragments"),
        pytest.param(PING, b"x" * 126, 0x80, 1002, id="a large ping"),
        pytest.param(TEXT, b"4\xff", 0x80, 1007, id="no UTF-8"),
        pytest.param(TEXT, b"4" + b"x" * 65_536, 0x80, 1009, id="more than 64 KiB"),
        pytest.param(BINARY, b"\x00", 0x80, 1003, id="binary"),
        pytest.param(TEXT, b"abc", 0x80, 1008, id="no packet"),
        pytest.param(TEXT, b"", 0x80, 1008, id="an empty packet"),
        pytest.param(TEXT, b"3", 0x80, 1008, id="a pong without a ping"),
        pytest.param(CLOSE, b"x", 0x80, 1002, id="half a close code"),
        pytest.param(CLOSE, struct.pack("!H", 1005), 0x80, 1002, id="a close code that may not be sent"),
    ],
)
async def test_what_breaks_a_protocol_closes_with_its_code(
    echo: Served, opcode: int, payload: bytes, flags: int, code: int
) -> None:
    """All once were closed with the code for broken rules of the application."""
    async with echo.raw() as websocket:
        websocket.send(opcode, payload, flags=flags)
        assert await websocket.closes() == code
    assert echo.eio.violations == 1
    await eventually(lambda: not echo.eio.websockets)


async def test_fragments_count_together_towards_the_limit(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"4" + b"x" * 40_000, flags=0)
        websocket.send(CONTINUATION, b"x" * 40_000)
        assert await websocket.closes() == 1009


async def test_a_giant_is_refused_by_its_first_bytes(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.writer.write(bytes((0x81, 0xFF)) + (1 << 40).to_bytes(8, "big"))
        assert await websocket.closes() == 1009


async def test_a_new_message_within_another_is_refused(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"4x", flags=0)
        websocket.send(TEXT, b"4y")
        assert await websocket.closes() == 1002


async def test_nothing_is_heard_after_a_violation(echo: Served) -> None:
    heard: list[str] = []
    echo.eio.on_message = lambda _connection, data: heard.append(data)
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"abc")
        websocket.send(TEXT, b"4after")
        assert await websocket.closes() == 1008
    assert heard == []


async def test_a_goodbye_is_answered_and_the_server_closes(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.send(CLOSE, struct.pack("!H", 1000))
        assert (await websocket.receive() or (0, b""))[0] == CLOSE
        assert await websocket.receive() is None
    assert echo.eio.closed == {"transport close": 1}
    assert echo.eio.violations == 0


async def test_the_clients_close_packet_closes_the_websocket(echo: Served) -> None:
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"1")
        assert await websocket.closes() == 1000
    assert echo.eio.closed == {"client disconnect": 1}


async def test_who_does_not_answer_a_goodbye_is_cut_off(
    echo: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CLOSE_WITHIN_S", 0.05)
    async with echo.raw() as websocket:
        websocket.send(TEXT, b"1")
        assert (await websocket.receive() or (0, b""))[0] == CLOSE
        assert await websocket.receive() is None
        await eventually(lambda: not echo.eio.websockets)


async def test_who_says_goodbye_and_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its transport waited for ever to get rid of what it held."""
    monkeypatch.setattr(engine, "CLOSE_WITHIN_S", 0.05)
    async with echoing() as echo, echo.raw() as websocket:
        (connection,) = echo.eio.sockets.values()
        connection.put("4" + "x" * 20_000_000)
        await eventually(lambda: connection.outlet.unsent > 1_000_000)
        websocket.send(CLOSE)
        await eventually(lambda: not echo.eio.sockets)
        await eventually(lambda: not echo.eio.websockets)


async def test_half_a_connection_is_none(echo: Served) -> None:
    """It held its session until a ping was not answered."""
    async with echo.raw() as websocket:
        websocket.writer.write_eof()
        await eventually(lambda: not echo.eio.sockets)
        assert await websocket.receive() is None


async def test_a_reset_connection_ends_its_session(echo: Served) -> None:
    async with echo.raw() as websocket:
        connection = websocket.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        websocket.writer.transport.abort()
        await eventually(lambda: not echo.eio.sockets)


async def test_a_mistake_of_ours_is_logged_and_closes_only_that_connection(
    echo: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("a mistake")

    async with echo.raw() as other, echo.raw() as websocket:
        echo.eio.on_message = fail
        websocket.send(TEXT, b"4hello")
        assert await websocket.closes() == 1011
        other.send(PING, b"still")
        assert await other.receive() == (PONG, b"still")
    assert "a mistake" in capsys.readouterr().out
