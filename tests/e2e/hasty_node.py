"""`python -m realtime` for tests: what takes that a minute to notice, this one notices in seconds."""

from typing import Any, Final

from launch.entry import start
from realtime import node
from realtime.engine import socket_io
from realtime.engine.engine_io import EngineServer
from realtime.engine.socket_io import SocketServer
from realtime.fan_out import outlet

PINGS: Final = {"ping_interval": 1.5, "ping_timeout": 2.0}
STALLED_S: Final = 3.0
CONNECT_WITHIN_S: Final = 2.0


class HastyEngine(EngineServer):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options | PINGS)


class HastyServer(SocketServer):
    def _engineio_server_class(self) -> type[EngineServer]:
        return HastyEngine


if __name__ == "__main__":
    outlet.STALLED_S = STALLED_S  # type: ignore[misc]
    socket_io.CONNECT_WITHIN_S = socket_io.UPGRADE_WITHIN_S = CONNECT_WITHIN_S  # type: ignore[misc]
    setattr(node, "SocketServer", HastyServer)  # noqa: B010  which the node does not export
    start("realtime.app")
