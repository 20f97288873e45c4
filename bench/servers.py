"""The two servers under test, each as the process that it is in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import msgspec

from bench.orders import System
from bench.processes import Process, Processes, free_port, python


class Server(msgspec.Struct, frozen=True):
    system: System
    process: Process
    port: int


@contextmanager
def serving(system: System, processes: Processes, redis_url: str) -> Iterator[Server]:
    """A server of `system`, ready for followers, on the measured core."""
    port = free_port()
    match system:
        case System.JOBCAST:
            command, path = python("realtime"), "/readyz"
        case System.STOCK:
            command = python("bench.stock_server", str(port), redis_url)
            path = "/socket.io/?EIO=4&transport=polling"
    settings = jobcast_settings(processes, port, redis_url)
    with processes.server(system, command, measured=True, settings=settings) as process:
        process.wait_until(lambda: answers(port, path))
        yield Server(system, process, port)


def jobcast_settings(processes: Processes, port: int, redis_url: str) -> dict[str, str]:
    return {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "REDIS_URL": redis_url,
        "DATA_DIR": str(processes.directory),
        "LOG_LEVEL": "warning",
    }


def answers(port: int, path: str) -> bool:
    """Whether a server there says yes to a request for `path`."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
