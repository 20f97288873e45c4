"""One client's connection to a node, served as `realtime.engine` and `realtime.socket_api` do it."""

import asyncio
from enum import Enum
from typing import Final

from realtime.errors import RequestError
from realtime.fan_out.batch import Batch
from realtime.fan_out.hub import Hub, Standing
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from tests.model.line import PONG, Line, Lines
from tests.model.met import Met
from tests.model.packets import Answered, Leave, Look, Request, pack
from tests.model.watch import Watch
from tests.model.witness import Witness

POLL_PACKETS: Final = 16
KERNEL_BYTES: Final = (700, 250, 100_000)
"""How much the kernel holds of a websocket: a few events, hardly any, or whatever comes."""


class Way(Enum):
    """How a client comes. Whoever polls may change over to a websocket."""

    WEBSOCKET = "over a websocket"
    POLLING = "by polling"
    ENCRYPTED = "over a websocket whose descriptor carries something else"


class WatchedOutlet(Outlet):
    """What a websocket carries is watched on its line, what waits for a poll when it is put in."""

    def __init__(self, outlets: Outlets, watch: Watch) -> None:
        super().__init__(outlets)
        self.polled = True
        self.waiting = 0
        self._watch = watch

    def send(self, packet: str) -> None:
        self._put_in([packet])
        super().send(packet)

    def deliver(self, batch: Batch) -> None:
        untold = batch.events[0].startswith((b'["job:snapshot"', b'["job:failed"'))
        assert untold or not self.congested, "more is put into a way out that is full"
        self._put_in(batch.packets)
        super().deliver(batch)

    def take(self, most: int) -> list[str]:
        self.waiting -= min(self.waiting, most)
        return super().take(most)

    def _put_in(self, packets: list[str]) -> None:
        for packet in packets if self.polled and not self.closed else []:
            self.waiting += 1
            self._watch.sent(packet)


class Connection:
    """Requests are served in order, one after the other; events and answers share one way out.

    The `Listener` of its line.
    """

    def __init__(self, hub: Hub, lines: Lines, witness: Witness, met: Met) -> None:
        job_id = witness.job_id
        self._hub = hub
        self._witness = witness
        self._lines = lines
        self._job_id = job_id
        self._met = met
        self._descriptor = -1
        self.line: Line | None = None
        self.watch = Watch(job_id, witness.history, met)
        self.requests: asyncio.Queue[Request | Look | Leave] = asyncio.Queue()
        self.outlet = WatchedOutlet(hub.outlets, self.watch)

    @property
    def open(self) -> bool:
        return not self.outlet.closed

    def open_socket(self, number: int, *, encrypted: bool = False) -> None:
        """From now on a websocket carries everything, and first of all what waits for a poll."""
        line = self.line = Line(
            self, self.watch.sent, self._met, room=KERNEL_BYTES[number % len(KERNEL_BYTES)]
        )
        self._descriptor = -1 if encrypted else self._lines.add(line)
        self.watch.repeats(self.outlet.waiting)
        self.outlet.polled = False
        self.outlet.open_socket(line, self._descriptor)

    def take(self, count: int) -> list[str]:
        """The client reads the next packets, at most so many."""
        if self.line is not None:
            return self.line.take(count)
        taken: list[str] = []
        while more := self.outlet.take(min(count - len(taken), POLL_PACKETS)):
            taken += more
        return taken

    def ping(self) -> None:
        """Send a ping that tells what has been sent before it; and answer one of a websocket's own."""
        told = (
            self.line is None or not self.outlet._waiting
        )  # what waits for a line is told once it is written
        if self.open and told:
            self.outlet.send(f"2{self.watch.shadow.sequence}")
        if self.open and self.line is not None and not self.outlet.congested:
            self.line.write(PONG)

    def close(self) -> None:
        """What waits in it is lost."""
        self._lines.remove(self._descriptor)
        self.outlet.close()

    def blocked(self) -> None:
        self.outlet.blocked()

    def drained(self) -> None:
        if self.open:
            self.outlet.drained()

    def lost(self) -> None:
        self.close()

    async def serve(self) -> None:
        while self.open:
            match await self.requests.get():
                case Request() as request:
                    await self._subscribe(request)
                case Look(visible=visible):
                    self._show(visible=visible)
                case Leave():
                    self._hub.leave(self.outlet, self._job_id)

    async def _subscribe(self, request: Request) -> None:
        self.watch.asked(request)
        fitted, losses = self._witness.goes_on_from(request.checkpoint), self._witness.losses
        try:
            standing, attach = await self._hub.join(self.outlet, self._job_id, request.checkpoint)
        except RequestError:
            self._met.note("joins refused")
            self.outlet.send(pack(Answered(request.number, ok=False)))
            return
        self._count(standing)
        self.outlet.send(pack(Answered(request.number, ok=True)))
        before = self.watch.resets
        attach()
        fits = fitted and losses == self._witness.losses
        assert not fits or self.watch.resets == before, (
            f"reset, though the log goes on from {request.checkpoint}"
        )

    def _show(self, *, visible: bool) -> None:
        try:
            self._hub.show(self.outlet, self._job_id, visible=visible)
            self._met.note("pages shown again" if visible else "pages hidden")
        except RequestError:
            self._met.note("pages shown or hidden of a job that is not followed")

    def _count(self, standing: Standing) -> None:
        self._met.note("snapshot joins" if standing.is_snapshot else "delta joins")
