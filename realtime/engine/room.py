"""How many connections a node takes: as many as it was told, and as it may open files for.

A new socket gets the lowest number that is free, so that its number says how many files are open at least.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Final, cast

import structlog

OWN_FILES: Final = 64
"""Kept free for Redis, and whatever else a node opens itself."""
OTHER_FILES: Final = 64
"""Kept free for connections that are no sessions: else nobody could ask a full node how it is."""

_log = structlog.get_logger("engine")


class Room:
    """For `most` sessions, in a process that may open `files` at a time; at least half of them are used."""

    def __init__(self, files: int, most: int = sys.maxsize) -> None:
        self.most = most
        self.files = files - min(OWN_FILES, files // 4)
        self.files_of_sessions = self.files - min(OTHER_FILES, files // 4)
        self.refused = 0

    def for_connection(self, transport: asyncio.BaseTransport) -> bool:
        return self._count(_number(transport) < self.files)

    def for_session(self, transport: asyncio.BaseTransport, *, beside: int) -> bool:
        """Those that poll have no socket between their requests: their number has to be known."""
        return self._count(beside < self.most and _number(transport) < self.files_of_sessions)

    def _count(self, there_is: bool) -> bool:
        if not there_is:
            self.refused += 1
            _log.warning("node_full", files=self.files, most_connections=self.most)
        return there_is


class Door(asyncio.Protocol):
    """Hands a new connection to the protocol that `serve` makes, or closes it if there is no room."""

    def __init__(self, room: Room, serve: Callable[[], asyncio.BaseProtocol]) -> None:
        self._room = room
        self._serve = serve

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)
        if self._room.for_connection(transport):
            protocol = self._serve()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
        else:
            transport.abort()


def _number(transport: asyncio.BaseTransport) -> int:
    return cast("int", transport.get_extra_info("socket").fileno())
