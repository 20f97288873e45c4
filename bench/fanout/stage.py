"""What every measurement here plays on: a server of one peer, seeded jobs, followers and events."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import msgspec

from bench import template
from bench.fanout.crowd import Crowd, Followers, crowd
from bench.fanout.dialect import dialect
from bench.fanout.native import Native
from bench.fanout.peer_process import serving
from bench.numbered_jobs import FIRST, seed
from bench.orders import Peer
from bench.processes import BenchError, Process, Processes
from bench.redis_server import RedisServer
from shared_events.keys import Keys
from shared_events.scripts import script

PUBLISHED_WITHIN_S: Final = 60.0


class Sent(msgspec.Struct, frozen=True):
    """What the publisher did. `late_ms`: by how much it was behind its own pace at worst."""

    sent: int
    answered: bool
    errors: int
    first_error: str
    seconds: float
    late_ms: float
    cpu_s: float


class Tools(msgspec.Struct, frozen=True):
    """What does not change from one measurement to the next."""

    processes: Processes
    redis: RedisServer
    native: Native


class Flow(msgspec.Struct, frozen=True):
    """Events a second, over all jobs, and for how long. `event`: as RESP, with markers."""

    per_s: float
    seconds: float
    event: bytes


class Stage:
    """A running server. All jobs have had the same number of events: `last_sequence` is that of each."""

    def __init__(self, peer: Peer, tools: Tools, *, server: Process, port: int, jobs: int) -> None:
        self.peer = peer
        self.server = server
        self.jobs = jobs
        self.last_sequence = FIRST - 1
        self._tools = tools
        self._port = port

    @property
    def redis(self) -> RedisServer:
        return self._tools.redis

    def crowd(
        self, count: int, *, never_read: int = 0, read_slowly: int = 0
    ) -> AbstractContextManager[Crowd]:
        """Followers that are not connected yet."""
        followers = Followers(count, self.jobs, never_read, read_slowly)
        tools = self._tools
        return crowd(tools.processes, str(tools.native.load), self._port, followers, dialect(self.peer))

    @contextmanager
    def publishing(self, flow: Flow) -> Iterator[Process]:
        """The publisher, to be asked with `sent` at the end."""
        rounds = max(1, round(flow.per_s * flow.seconds / self.jobs))
        path = self._tools.processes.directory / "template"
        path.write_bytes(flow.event)
        command = [str(self._tools.native.publish), "-a", self.redis.socket, "-t", str(path)]
        command += ["-j", str(self.jobs), "-r", str(flow.per_s), "-n", str(rounds * self.jobs)]
        command += ["-q", str(self.last_sequence + 1)]
        self.last_sequence += rounds
        with self._tools.processes.answering("publish", command) as process:
            yield process

    def publish(self, flow: Flow) -> Sent:
        with self.publishing(flow) as publisher:
            return sent(publisher, flow)

    def live_event(self, text: str = template.TEXT) -> bytes:
        """On the peer's bus alone."""
        return dialect(self.peer, text).event

    def lasting_event(self, text: str = template.TEXT) -> bytes:
        """As a worker of each system has it: in the log and on the bus; where there is no log, on the bus."""
        return self.logged_event(text) if self.peer is Peer.JOBCAST else self.live_event(text)

    def logged_event(self, text: str = template.TEXT) -> bytes:
        """In the job's log, and on the bus of Jobcast, which no other peer hears."""
        return template.appended(Keys(), text)


def sent(publisher: Process, flow: Flow) -> Sent:
    """What came of `flow`. Raises `BenchError` if Redis refused an event."""
    done = publisher.read(Sent, flow.seconds + PUBLISHED_WITHIN_S)
    if done.errors or not done.answered:
        raise BenchError(
            f"Redis did not take {done.errors or 'the'} events: {done.first_error or 'no answer'}"
        )
    return done


@contextmanager
def stage(peer: Peer, tools: Tools, *, jobs: int, patient_bus: bool = False) -> Iterator[Stage]:
    """A server of `peer` with nobody there yet. Raises `LeftOut` where it cannot be had.

    `patient_bus`: Redis waits for a server that is behind; as Jobcast sets it up, it cuts that off.
    """
    client = tools.redis.client
    if patient_bus:
        tools.redis.let_subscribers_lag()
    else:
        tools.redis.cut_lagging_subscribers()
    client.flushall()
    client.script_load(script("append"))
    seed(client, Keys(), jobs)
    with serving(peer, tools.processes, tools.redis, tools.native) as (server, port):
        yield Stage(peer, tools, server=server, port=port, jobs=jobs)
