"""A session over HTTP: what it may do, and what ends it."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from realtime.engine import polling as transport
from tests.realtime.engine.wire import SEPARATOR, Polling, Served, answering
from tests.waiting import eventually

GIB = 1 << 30


async def waiting_poll(served: Served, polling: Polling) -> "asyncio.Task[tuple[int, str]]":
    """A poll that the server has begun to wait for."""
    poll = asyncio.create_task(polling.poll())
    connection = served.eio.sockets[polling.opening["sid"]]
    await eventually(lambda: connection._poll is not None)
    return poll


async def test_a_packet_comes_back(echo: Served) -> None:
    polling = await echo.polling()
    assert await polling.post("4hello") == (200, "ok")
    assert await polling.packets() == ["4hello"]


async def test_packets_come_back_together_and_in_order(echo: Served) -> None:
    polling = await echo.polling()
    sent = [f"4{number}" for number in range(40)]
    assert await polling.post(SEPARATOR.join(sent)) == (200, "ok")
    received: list[str] = []
    while len(received) < len(sent):
        packets = await polling.packets()
        assert len(packets) <= transport.POLL_PACKETS
        received += packets
    assert received == sent


async def test_a_page_may_post_all_its_subscriptions_at_once(echo: Served) -> None:
    """engineio's own limit of 16 packets ended the session of a page that came back to many jobs."""
    polling = await echo.polling()
    assert await polling.post(SEPARATOR.join(["4x"] * 256)) == (200, "ok")


async def test_a_waiting_poll_is_answered_as_soon_as_there_is_something(echo: Served) -> None:
    polling = await echo.polling()
    poll = await waiting_poll(echo, polling)
    await polling.post("4hello")
    assert await poll == (200, "4hello")


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for position in range(0, len(body), 7):
        yield body[position : position + 7]
        await asyncio.sleep(0)


async def test_a_body_without_a_length_in_many_pieces_is_read_whole(echo: Served) -> None:
    polling = await echo.polling()
    body = "4" + "ü" * 300
    assert await polling.post(in_pieces(body.encode())) == (200, "ok")
    assert await polling.packets() == [body]


async def test_a_body_in_many_segments_is_read_whole(echo: Served) -> None:
    """A body with a length used to be taken for what one read brought."""
    polling = await echo.polling()
    url, body = polling.url, b"4" + b"x" * 60_000
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = (
        f"POST {url.path_qs} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode())
    for position in range(0, len(body), 9_000):
        writer.write(body[position : position + 9_000])
        await writer.drain()
        await asyncio.sleep(0.01)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()
    assert await polling.packets() == [body.decode()]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"abc", id="no packet"),
        pytest.param(b"4a\x1e", id="a separator too many"),
        pytest.param(b"bAQIDBA==", id="binary"),
        pytest.param(b"4hello\x1ebAQIDBA==", id="text and binary"),
        pytest.param(b"0{}", id="an opening"),
        pytest.param(b"2", id="a ping, which only servers send"),
        pytest.param(b"3", id="a pong without a ping"),
        pytest.param(b"5", id="an upgrade without a websocket"),
        pytest.param(b"6", id="a noop"),
        pytest.param(b"4\xff\xfe", id="no UTF-8"),
        pytest.param(b"4" + b"x" * 65_536, id="more than 64 KiB"),
        pytest.param("4hello".encode("utf-16"), id="another encoding"),
        pytest.param(b"\x1e".join([b"4"] * 2_500), id="a flood"),
    ],
)
async def test_what_no_client_posts_is_refused_and_ends_the_session(echo: Served, body: bytes) -> None:
    polling = await echo.polling()
    assert (await polling.post(body))[0] == 400
    assert await polling.ended()
    assert echo.eio.violations == 1


@pytest.mark.parametrize("declared", [True, False])
async def test_more_than_64_kib_is_refused_however_it_is_sent(echo: Served, declared: bool) -> None:
    polling = await echo.polling()
    body = b"4" + b"x" * 70_000
    assert (await polling.post(body if declared else in_pieces(body)))[0] == 400
    assert await polling.ended()


async def test_exactly_64_kib_are_taken(echo: Served) -> None:
    polling = await echo.polling()
    body = "4" + "x" * 65_535
    assert await polling.post(body) == (200, "ok")
    assert await polling.packets() == [body]


async def test_a_compressed_body_is_refused_before_it_is_read(echo: Served) -> None:
    polling = await echo.polling()
    bomb = gzip.compress(b"4" + b"x" * 10_000_000)
    assert (await polling.post(bomb, headers={"Content-Encoding": "gzip"}))[0] == 400
    assert await polling.ended()


async def test_a_body_that_does_not_arrive_is_not_waited_for(
    echo: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "POSTED_WITHIN_S", 0.0)
    polling = await echo.polling()
    url = polling.url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path_qs} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 5\r\n\r\n4".encode())
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)).startswith(b"HTTP/1.1 400")
    writer.close()
    assert await polling.ended()


async def test_a_body_that_breaks_off_ends_the_session(echo: Served) -> None:
    polling = await echo.polling()
    url = polling.url
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path_qs} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 5\r\n\r\n4".encode())
    connection = echo.eio.sockets[polling.opening["sid"]]
    await eventually(lambda: connection._posting)
    writer.transport.abort()
    await eventually(lambda: not echo.eio.sockets)


async def test_two_polls_at_a_time_end_the_session(echo: Served) -> None:
    polling = await echo.polling()
    first = await waiting_poll(echo, polling)
    assert (await polling.poll())[0] == 400
    assert await first == (200, "1")
    assert await polling.ended()


async def test_two_posts_at_a_time_end_the_session(echo: Served) -> None:
    polling = await echo.polling()
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"4a"
        await gate.wait()
        yield b"b"

    first = asyncio.create_task(polling.post(slow()))
    connection = echo.eio.sockets[polling.opening["sid"]]
    await eventually(lambda: connection._posting)
    assert (await polling.post("4c"))[0] == 400
    gate.set()
    assert (await first)[0] == 400
    assert await polling.ended()


async def test_the_clients_farewell_ends_its_poll_with_a_noop(echo: Served) -> None:
    polling = await echo.polling()
    poll = await waiting_poll(echo, polling)
    assert await polling.post("1") == (200, "ok")
    assert await poll == (200, "6")
    assert await polling.ended()
    assert echo.eio.violations == 0


async def test_the_servers_farewell_ends_a_poll_with_what_was_put_before(echo: Served) -> None:
    polling = await echo.polling()
    poll = await waiting_poll(echo, polling)
    connection = echo.eio.sockets[polling.opening["sid"]]
    connection.put("4last")
    echo.eio.end(connection, "draining")
    assert await poll == (200, SEPARATOR.join(["4last", "1"]))
    assert await polling.ended()


async def test_a_client_that_leaves_its_poll_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.engine.socket_io.SWEEP_EVERY_S", 0.01)
    async with answering() as served:
        polling = await served.polling()
        poll = await waiting_poll(served, polling)
        poll.cancel()
        await eventually(lambda: not served.eio.sockets)
    assert served.eio.closed == {"transport close": 1}


async def test_an_answer_is_not_given_to_a_poll_that_was_left(echo: Served) -> None:
    polling = await echo.polling()
    poll = await waiting_poll(echo, polling)
    connection = echo.eio.sockets[polling.opening["sid"]]
    poll.cancel()
    await eventually(lambda: connection.abandoned)
    connection.put("4lost")
    await eventually(lambda: not echo.eio.sockets)
