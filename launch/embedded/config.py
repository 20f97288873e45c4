"""The embedded server's configuration file."""

from pathlib import Path
from typing import Final

_FIXED: Final = """\
port 0
unixsocketperm 700
daemonize no
logfile ""
loglevel warning
save ""
appendonly yes
appendfsync everysec
aof-load-truncated yes
maxmemory-policy noeviction
client-output-buffer-limit pubsub 32mb 8mb 60
"""
"""No TCP port: the unix socket is the only way in, and only for this user."""


def configuration(directory: Path, socket: Path) -> str:
    """The file's text; `directory` takes the append-only files and `server.pid`."""
    return (
        _FIXED
        + f"dir {_quoted(directory)}\n"
        + f"pidfile {_quoted(directory / 'server.pid')}\n"
        + f"unixsocket {_quoted(socket)}\n"
    )


def _quoted(path: Path) -> str:
    """As the server's parser reads it: in double quotes, with backslashes before what is special."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
