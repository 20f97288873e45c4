"""The paced server as the bench sees it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TypeVar

import msgspec

from bench.orders import Listening, PacedOrder, Said, Standing
from bench.processes import Process, Processes

Reply = TypeVar("Reply", bound=msgspec.Struct)


class Paced(msgspec.Struct, frozen=True):
    process: Process
    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def standing(self) -> Standing:
        return self._ask("GET", "/standing", Standing)

    def said(self) -> dict[int, int]:
        """How many tokens each finished stream has said; of one that was asked for twice, the last time."""
        return dict(self._ask("GET", "/said", Said).streams)

    def finish(self) -> None:
        """Ends all streams, each at its next turn."""
        self._ask("POST", "/finish", Standing)

    def _ask(self, method: str, path: str, kind: type[Reply]) -> Reply:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path)
            return msgspec.json.decode(connection.getresponse().read(), type=kind)


@contextmanager
def paced_server(processes: Processes, rate: float | None) -> Iterator[Paced]:
    """A server of `rate` tokens a second and stream; None: as fast as they are read."""
    with processes.ordered("bench.paced_server", PacedOrder(rate)) as process:
        yield Paced(process, process.read(Listening).port)
