"""How a node goes: each client is told when to come back, and connections are closed in batches."""

import asyncio
import random
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode

from realtime.engine.connection import Connection
from realtime.engine.socket_io import SocketServer, event_packet
from realtime.fan_out.batch import Batch

FIRST_BACK_MS: Final = 1000
BACK_PER_S: Final = 500
"""So many clients are asked back a second."""
CLOSED_PER_S: Final = 2000
BATCH_EVERY_S: Final = 0.05

_log = structlog.get_logger("web")


async def drain(sockets: SocketServer, *, longest_s: float) -> None:
    """Refuse newcomers, tell everybody, and close all connections within `longest_s`."""
    sockets.eio.refusing = True
    connections = sockets.connections
    if not connections:
        return
    for connection in connections:
        if connection.ready:
            _tell(connection, back_after_ms(len(connections)))
    sockets.eio.outlets.flush()
    for batch in batches(connections, longest_s=longest_s):
        await asyncio.sleep(BATCH_EVERY_S)
        for connection in batch:
            sockets.eio.end(connection, "draining", code=WSCloseCode.SERVICE_RESTART)
    _log.info("web_drained", connections=len(connections))


def back_after_ms(connections: int) -> int:
    """When one of so many clients is to come back: at random, so that they do not come at once."""
    return FIRST_BACK_MS + random.randrange(1000 * connections // BACK_PER_S + 1)  # noqa: S311


def batches(connections: Sequence[Connection], *, longest_s: float) -> list[Sequence[Connection]]:
    """What to close at a time, one batch every `BATCH_EVERY_S`."""
    most = max(1, int(longest_s / BATCH_EVERY_S))
    size = max(round(CLOSED_PER_S * BATCH_EVERY_S), -(-len(connections) // most))
    return [connections[i : i + size] for i in range(0, len(connections), size)]


def _tell(connection: Connection, retry_after_ms: int) -> None:
    name, notice = "server:draining", {"retryAfterMs": retry_after_ms}
    if connection.namespace == "/":
        connection.outlet.deliver(Batch([msgspec.json.encode((name, notice))]))
    else:
        connection.put(event_packet(name, notice, connection.namespace))
