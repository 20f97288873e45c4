"""How a session begins, and what is no beginning."""

import asyncio
import json

import pytest
from yarl import URL

from tests.realtime.engine.wire import TEXT, Served, frame, raw_websocket, upgrade_request

OPENING_KEYS = {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}


async def test_a_session_over_polling_is_opened_with_what_the_client_must_know(echo: Served) -> None:
    opening = (await echo.polling()).opening
    assert opening.keys() == OPENING_KEYS
    assert (opening["upgrades"], opening["pingInterval"], opening["pingTimeout"], opening["maxPayload"]) == (
        ["websocket"], 25_000, 20_000, 65_536,
    )  # fmt: skip


async def test_a_session_over_a_websocket_offers_no_upgrade(echo: Served) -> None:
    async with echo.session.ws_connect(echo.websocket_url) as websocket:
        opening = json.loads((await websocket.receive_str())[1:])
    assert opening.keys() == OPENING_KEYS
    assert opening["upgrades"] == []


@pytest.mark.parametrize(
    ("method", "query"),
    [
        pytest.param("GET", "transport=polling", id="no version"),
        pytest.param("GET", "EIO=3&transport=polling", id="an old version"),
        pytest.param("GET", "EIO=abc&transport=polling", id="a version that is none"),
        pytest.param("GET", "EIO=4&EIO=3&transport=polling", id="two versions"),
        pytest.param("GET", "EIO=4", id="no transport"),
        pytest.param("GET", "EIO=4&transport=abc", id="a transport that does not exist"),
        pytest.param("GET", "EIO=4&transport=websocket", id="a websocket without its handshake"),
        pytest.param("GET", "EIO=4&transport=polling&sid=nobody", id="an unknown session"),
        pytest.param("GET", "EIO=4&transport=polling&j=0", id="JSONP"),
        pytest.param("POST", "EIO=4&transport=polling", id="a POST without a session"),
        pytest.param("POST", "EIO=4&transport=polling&sid=nobody", id="a POST to an unknown session"),
        pytest.param("PUT", "EIO=4&transport=polling", id="PUT"),
        pytest.param("DELETE", "EIO=4&transport=polling", id="DELETE"),
        pytest.param("PATCH", "EIO=4&transport=polling", id="PATCH"),
        pytest.param("HEAD", "EIO=4&transport=polling", id="HEAD"),
    ],
)
async def test_what_is_no_beginning_is_a_bad_request(echo: Served, method: str, query: str) -> None:
    status, _, _ = await echo.get(query, method)
    assert status == 400
    assert len(echo.eio.sockets) == len(echo.eio.outlets) == 0


@pytest.mark.parametrize(
    "missing",
    [
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ],
)
async def test_half_a_websocket_handshake_is_a_bad_request_and_no_session(echo: Served, missing: str) -> None:
    head = upgrade_request(URL(echo.websocket_url)).replace(missing, "X: y")
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(echo.url).port)
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400")
    assert len(echo.eio.sockets) == len(echo.eio.outlets) == 0


async def test_a_question_for_permission_is_answered(echo: Served) -> None:
    status, _, _ = await echo.get("EIO=4&transport=polling", "OPTIONS")
    assert status == 200


async def test_a_closing_server_sends_newcomers_away_and_keeps_who_is_there(echo: Served) -> None:
    polling = await echo.polling()
    echo.eio.refusing = True
    status, response, _ = await echo.get("EIO=4&transport=polling")
    assert (status, response.headers["Retry-After"]) == (503, "1")
    assert await polling.post("4hello") == (200, "ok")
    assert await polling.packets() == ["4hello"]


async def test_what_comes_in_one_piece_with_the_upgrade_is_heard_first(echo: Served) -> None:
    """The rest of such a piece once waited for the next one."""
    early = frame(TEXT, b"4first") + frame(TEXT, b"4second")[:5]
    async with echo.raw(early) as websocket:
        assert await websocket.receive() == (TEXT, b"4first")


async def test_a_frame_cut_in_two_by_the_upgrade_is_put_together(echo: Served) -> None:
    whole = frame(TEXT, b"4hello")
    async with echo.raw(whole[:3]) as websocket:
        websocket.writer.write(whole[3:])
        assert await websocket.receive() == (TEXT, b"4hello")


async def test_a_goodbye_in_one_piece_with_the_upgrade_leaves_nothing(echo: Served) -> None:
    async with raw_websocket(echo.websocket_url, frame(TEXT, b"1")) as websocket:
        await websocket.closes()
    assert len(echo.eio.sockets) == len(echo.eio.outlets) == 0
