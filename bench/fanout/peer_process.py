"""Each peer's server as the process that it is in production, on the measured core."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec

from bench.fanout.native import Native
from bench.fanout.node_peer import node_command
from bench.orders import Peer
from bench.processes import Process, Processes, free_port, python
from bench.redis_server import RedisServer
from bench.servers import answers, jobcast_settings
from shared_events.ids import JobId
from shared_events.keys import Keys

_POLLING: Final = "/socket.io/?EIO=4&transport=polling"


class _Start(msgspec.Struct, frozen=True):
    """`path` is answered once the server is ready; None: it is when it accepts connections."""

    command: list[str]
    path: str | None
    settings: Mapping[str, str] = {}


@contextmanager
def serving(
    peer: Peer, processes: Processes, redis: RedisServer, native: Native
) -> Iterator[tuple[Process, int]]:
    """A server that is ready, and its port. Raises `LeftOut` where the peer cannot be had."""
    port = free_port()
    start = _start(peer, port, processes, redis, native)
    with processes.server(peer.name, start.command, measured=True, settings=start.settings) as process:
        process.wait_until(lambda: answers(port, start.path) if start.path else _accepts(port))
        yield process, port


def _start(peer: Peer, port: int, processes: Processes, redis: RedisServer, native: Native) -> _Start:
    number = str(port)
    match peer:
        case Peer.JOBCAST:
            return _Start(python("realtime"), "/readyz", jobcast_settings(processes, port, redis.url))
        case Peer.PYTHON:
            return _Start(python("bench.stock_server", number, redis.url), _POLLING)
        case Peer.NODE:
            return _Start([*node_command(), number, redis.socket], _POLLING)
        case Peer.LIMIT:
            pattern = Keys().channel(JobId("*"))
            return _Start([str(native.limit_server), "-p", number, "-a", redis.socket, "-c", pattern], None)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
