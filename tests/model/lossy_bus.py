"""A node's bus that loses, repeats and reorders, and does not say so.

It stands in for `shared_events.bus.Bus`.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from shared_events.errors import BusUnavailable
from tests.model.network import Network, Process


class Wire:
    """What `Hub` takes for its Redis client: the way of one node to the server."""

    def __init__(self, network: Network, process: Process) -> None:
        self.network = network
        self.process = process


class LossyBus:
    """What was published waits in `arriving`, in order, until the model lets it in."""

    def __init__(
        self,
        wire: Wire,
        *,
        on_message: Callable[[bytes, bytes], None],
        on_hole: Callable[[], None],
        on_batch: Callable[[bool], None] = lambda _more: None,
    ) -> None:
        self._wire = wire
        self._on_message = on_message
        self._on_hole = on_hole
        self._on_batch = on_batch
        self._channels: set[str] = set()
        self.arriving: deque[tuple[bytes, bytes]] = deque()
        self.connected = True
        self.reliable = True
        """Whether nothing was lost since the last reported hole."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def follow(self, channel: str) -> None:
        if channel not in self._channels:
            await self._wire.network.send(self._wire.process, "subscribe", lambda: self._subscribe(channel))

    async def unfollow(self, channel: str) -> None:
        self._channels.discard(channel)

    def publish(self, channel: str, message: bytes) -> None:
        if self.connected and channel in self._channels:
            self.arriving.append((channel.encode(), message))

    def let_in(self, count: int, *, more: bool, watched: Callable[[bytes], None]) -> None:
        """The next messages, as one read of the socket brings them; `more` need not come."""
        for _ in range(count):
            channel, data = self.arriving.popleft()
            watched(data)
            self._on_message(channel, data)
        self._on_batch(more)

    def drop(self, count: int) -> None:
        """Nobody is told: only the next message, or a look at the log, shows it."""
        for _ in range(min(count, len(self.arriving))):
            self.arriving.popleft()
            self.reliable = False

    def repeat(self) -> None:
        if self.arriving:
            self.arriving.append(self.arriving[0])

    def reorder(self) -> None:
        self.arriving.rotate(1)
        self.reliable = False

    def cut(self) -> None:
        self.connected = self.reliable = False
        self.arriving.clear()

    def reconnect(self) -> None:
        """Everything is subscribed anew, and the hole is reported."""
        self.connected = self.reliable = True
        self._on_hole()

    def _subscribe(self, channel: str) -> None:
        if not self.connected:
            raise BusUnavailable("The model has cut the bus.")
        self._channels.add(channel)
