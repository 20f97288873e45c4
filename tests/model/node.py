"""A node: the real hub on a lossy bus, and the connections of its clients."""

import asyncio
from typing import cast

from redis.asyncio import Redis

from realtime.cursor import step
from realtime.feed import Follower
from realtime.hub import Hub
from shared_events.ids import JobId
from shared_events.log import JobLog
from shared_events.message import BusMessage, parse_message
from tests.model.connection import Connection
from tests.model.lossy_bus import LossyBus, Wire
from tests.model.met import Met
from tests.model.network import Network, Process
from tests.model.server import KEYS
from tests.model.virtual_time import VirtualLoop
from tests.model.witness import RemoteLog, Witness


class Node:
    """Starts at once."""

    def __init__(self, loop: VirtualLoop, network: Network, witness: Witness, met: Met) -> None:
        self.process = Process("node")
        self._loop = loop
        self._job_id = witness.job_id
        self._met = met
        remote = cast("JobLog", RemoteLog(witness, network, self.process))
        self.hub = Hub(cast("Redis", Wire(network, self.process)), remote, KEYS)
        self.bus = cast("LossyBus", self.hub.bus)
        self.connections: list[Connection] = []
        self._tasks: list[asyncio.Task[None]] = [
            loop.create_task(self.hub.run()),
            loop.create_task(self._sweep()),
        ]

    @property
    def followers(self) -> list[Follower]:
        return [follower for feed in self.hub.feeds for follower in feed.followers.values()]

    def connect(self) -> Connection:
        connection = Connection(self.hub, self._job_id, self._met)
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
        """Let that many messages of the bus in."""
        for _ in range(min(count, len(self.bus.arriving))):
            self._count(parse_message(self.bus.arriving[0][1]))
            self._loop.do(self.bus.let_in)

    async def _sweep(self) -> None:
        """Cut off who never reads, as `realtime.engine` does."""
        while True:
            await asyncio.sleep(1)
            for connection in self.connections:
                if connection.open and connection.outlet.stalled():
                    self._met.note("slow consumers closed")
                    connection.close()

    def _count(self, message: BusMessage) -> None:
        for position in {follower.position for follower in self.followers if not follower.lagging}:
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
