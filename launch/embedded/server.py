"""The embedded Redis: a real server below DATA_DIR that this process becomes, keeping all on disk."""

import os
import socket as sockets
import time
from pathlib import Path
from typing import Final, NoReturn

from launch.data_dir import make_data_dir, make_private_directory, try_lock
from launch.embedded.binary import find_server
from launch.embedded.config import configuration
from launch.embedded.repair import repair_after_crash
from launch.startup import StartupError
from launch.tether import end_with

_LOCK_WAIT_S: Final = 5.0


def serve(data_dir: Path, socket: Path) -> NoReturn:
    """Becomes the server. It ends with the parent of this process. Raises `StartupError`."""
    parent = os.getppid()
    command = prepare(data_dir, socket)
    os.umask(0o077)
    end_with(parent)
    os.execv(command[0], command)  # noqa: S606


def prepare(data_dir: Path, socket: Path) -> list[str]:
    """Makes ready what the server needs and returns the command that runs it. Raises `StartupError`.

    Locks the server's directory with a descriptor that a program which this process becomes keeps open.
    """
    directory = data_dir / "redis"
    make_data_dir(data_dir)
    make_private_directory(directory)
    make_private_directory(socket.parent)
    _lock(directory, socket)
    server = find_server()
    if mended := repair_after_crash(directory, server):
        print(mended, flush=True)
    config = directory / "redis.conf"
    config.write_bytes(os.fsencode(configuration(directory, socket)))
    return [str(server), str(config)]


def refuse_second_server(socket: Path) -> None:
    """Raises `StartupError` when a server listens on `socket`. A file that was left over is no obstacle."""
    with sockets.socket(sockets.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(os.fsencode(socket))
        except (FileNotFoundError, ConnectionRefusedError):
            return
        except OSError as error:
            raise StartupError(f"{socket} is in the way of the embedded Redis: {error}.") from error
    raise StartupError(
        f"An embedded Redis is running already on {socket}: stop it or choose another DATA_DIR."
    )


def _lock(directory: Path, socket: Path) -> None:
    """Waits a little: a child of a killed server may still write its file, and hold the lock."""
    descriptor = os.open(directory / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _LOCK_WAIT_S
    while not try_lock(descriptor):
        refuse_second_server(socket)
        if time.monotonic() > deadline:
            raise StartupError(f"A process of an earlier server still works in {directory}.", retryable=True)
        time.sleep(0.05)
    refuse_second_server(socket)
    os.set_inheritable(descriptor, True)
