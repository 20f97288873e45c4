"""Compressed batches over a real websocket: agreed on in the handshake, the same text, only where it pays."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import WSCloseCode, WSMsgType

from shared_events.ids import new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import chunk, started_job, write
from tests.realtime.conftest import Node, serving
from tests.realtime.engine.wire import TEXT, frame
from tests.redis_server import RedisServer

SOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture
async def compressing(shared_redis: RedisServer, keys: Keys) -> AsyncIterator[Node]:
    async with serving(shared_redis.url, keys, WEBSOCKET_COMPRESSION="on") as one:
        yield one


@pytest.mark.parametrize("bits", [0, 9, 15])
async def test_all_clients_read_the_same(compressing: Node, log: JobLog, bits: int) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "first ")
    async with compressing.session.ws_connect(compressing.url + SOCKET, compress=bits) as websocket:
        assert websocket.compress == (15 if bits == 15 else 0)
        await websocket.receive()
        await websocket.send_str("40")
        await websocket.receive()
        await websocket.send_str(f'421["job:subscribe",{{"jobId":"{job_id}"}}]')
        assert (await websocket.receive_str()).startswith("431")
        assert (await websocket.receive_str()).startswith('42["job:snapshot"')
        for begin in (3, 43, 44):
            count = 1 if begin == 43 else 40
            await write(
                log, job_id, epoch, *(chunk(job_id, begin + n, f"{begin + n} ") for n in range(count))
            )
            for n in range(count):
                event = json.loads((await websocket.receive_str())[2:])
                assert event[1]["chunk"] == f"{begin + n} "


async def test_it_is_off_unless_it_is_asked_for(node: Node) -> None:
    async with node.session.ws_connect(node.url + SOCKET, compress=15) as websocket:
        assert websocket.compress == 0


async def test_a_client_whose_server_must_forget_is_not_sent_compressed_batches(compressing: Node) -> None:
    headers = {
        "Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with compressing.session.get(compressing.url + SOCKET, headers=headers) as response:
        assert response.status == 101
        assert "Sec-WebSocket-Extensions" not in response.headers


async def test_what_does_not_decompress_is_no_error_of_the_servers(compressing: Node) -> None:
    """It was logged as one, with a traceback, and closed with 1011."""
    async with compressing.session.ws_connect(compressing.url + SOCKET, compress=15) as websocket:
        await websocket.receive()
        connection = websocket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.write(frame(TEXT, b"\xff" * 100, flags=0xC0))
        assert (await websocket.receive()).type is WSMsgType.CLOSE
        assert websocket.close_code == WSCloseCode.INVALID_TEXT
