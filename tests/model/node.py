"""A node: the real hub on a lossy bus, and the connections of its clients."""

import asyncio
from typing import cast

from redis.asyncio import Redis

from realtime.fan_out.cursor import Position, step
from realtime.fan_out.follower import Follower
from realtime.fan_out.hub import Hub
from realtime.fan_out.pacer import Pacer
from shared_events.ids import JobId
from shared_events.log import JobLog
from shared_events.message import BusMessage, parse_message
from tests.model.connection import Connection, Way
from tests.model.line import Lines
from tests.model.lossy_bus import LossyBus, Wire
from tests.model.met import Met
from tests.model.network import Network, Process
from tests.model.server import KEYS
from tests.model.virtual_time import CLOCK, VirtualLoop
from tests.model.witness import RemoteLog, Witness


class SlowPacer(Pacer):
    """Of a node to which every flush costs much: the next one has to wait."""

    def flushed(self, cost_s: float, now: float) -> None:
        super().flushed(1.0, now)


class Node:
    """Starts at once."""

    def __init__(
        self, loop: VirtualLoop, network: Network, witness: Witness, met: Met, *, busy: bool
    ) -> None:
        self.process = Process("node")
        self._loop = loop
        self._witness = witness
        self._met = met
        remote = cast("JobLog", RemoteLog(witness, network, self.process))
        self._lines = Lines()
        wire = cast("Redis", Wire(network, self.process))
        self.hub = Hub(wire, remote, KEYS, send_many=self._lines.send_many)
        self.bus = cast("LossyBus", self.hub.bus)
        if busy:
            self.hub.flusher.pacer = SlowPacer()
        self.connections: list[Connection] = []
        self._tasks: list[asyncio.Task[None]] = [
            loop.create_task(self.hub.run()),
            loop.create_task(self._sweep()),
        ]

    @property
    def followers(self) -> list[Follower]:
        return [follower for feed in self.hub.feeds for follower in feed.followers.values()]

    @property
    def waits(self) -> bool:
        """Whether something is due at the end of a window."""
        return self.hub.flusher._next is not None

    @staticmethod
    def position(follower: Follower) -> Position:
        """Up to where a follower has been sent the log."""
        feed = follower.feed
        if not follower.live:
            return follower.position
        assert feed.tail is not None
        return feed.tail.position_at(feed.sent)

    def connect(self, way: Way, number: int) -> Connection:
        connection = Connection(self.hub, self._lines, self._witness, self._met)
        if way is not Way.POLLING:
            connection.open_socket(number, encrypted=way is Way.ENCRYPTED)
        self.connections.append(connection)
        self._tasks.append(self._loop.create_task(connection.serve()))
        return connection

    def kill(self) -> None:
        self.process.alive = False
        for connection in self.connections:
            connection.close()
        for task in self._tasks:
            task.cancel()

    def hear(self, count: int) -> None:
        """Let that many messages of the bus in, each read for itself."""
        for _ in range(min(count, len(self.bus.arriving))):
            self._hear_some(1, more=False)

    def hear_at_once(self, count: int, *, more: bool) -> None:
        """Let them in with one read, after which the socket has `more`, as far as can be told."""
        self._loop.call_soon(self._ping)
        self._hear_some(min(count, len(self.bus.arriving)), more=more)

    def _ping(self) -> None:
        """In the same tick the engine has something to say to everybody."""
        for connection in self.connections:
            connection.ping()

    def _hear_some(self, count: int, *, more: bool) -> None:
        self._loop.do(lambda: self.bus.let_in(count, more=more, watched=self._count))
        self._met.note("flushes that wait", int(self.waits))
        for follower in self.followers:
            self._met.note("followers behind", int(not follower.live and not follower.hidden))
            self._met.note("followers hidden", int(follower.hidden))

    async def _sweep(self) -> None:
        """Cut off who never reads, as `realtime.engine` does."""
        while True:
            await asyncio.sleep(1)
            for connection in self.connections:
                if connection.open and connection.outlet.stalled(CLOCK.now):
                    self._met.note("slow consumers closed")
                    connection.close()

    def _count(self, data: bytes) -> None:
        """What a message of the bus means to those who follow."""
        message = parse_message(data)
        for feed in self.hub.feeds:
            if not feed.followers:
                self._met.note("messages heard for nobody")
            elif feed.tail is None or feed.holed:
                self._met.note("messages heard while the log is read")
            else:
                self._count_for(feed.tail.position, message)

    def _count_for(self, position: Position, message: BusMessage) -> None:
        made = step(position, message)
        if message.epoch != position.epoch:
            self._met.note("epoch changes heard")
        elif made is not None and not made.events:
            self._met.note("repetitions heard")
        elif message.first > position.sequence + 1:
            self._met.note("gaps heard")
        elif message.events is None:
            self._met.note("announcements heard")
        else:
            self._met.note("messages sent on")


def publish_to(nodes: list[Node], job_id: JobId, message: bytes) -> None:
    for node in nodes:
        node.bus.publish(KEYS.channel(job_id), message)
