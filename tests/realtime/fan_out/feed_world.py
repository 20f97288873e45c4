"""A node with one followed job: the real hub, over a log, a bus and connections that the test moves."""

from array import array
from collections.abc import Callable
from typing import Any, Final

from realtime.errors import RequestError
from realtime.fan_out import outlet as outlet_module
from realtime.fan_out.hub import Hub
from realtime.fan_out.outlet import Outlet
from shared_events.checkpoint import Checkpoint
from shared_events.events import JobSnapshot
from shared_events.fold import JobView
from shared_events.ids import Epoch
from shared_events.keys import Keys
from tests.model.met import Met
from tests.model.virtual_time import VirtualLoop
from tests.realtime.fan_out.lines import PLENTY, Lines, ScriptedTransport
from tests.realtime.fan_out.listener import Frames, Listener
from tests.realtime.fan_out.scripted_log import JOB, ScriptedLog

KINDS: Final = ("websocket", "websocket", "websocket", "encrypted", "deflating", "polling", "polling")
PONG: Final = bytes((0x8A, 0))
CLOSE: Final = bytes((0x88, 0))


class ScriptedBus:
    """Stands in for `Bus`: what is published waits until the test lets it through, or not."""

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.waiting: list[bytes] = []

    async def follow(self, channel: str) -> None:
        self.channels.add(channel)

    async def unfollow(self, channel: str) -> None:
        self.channels.discard(channel)
        self.waiting.clear()


class World:
    """`followers` are people with a page each, on one connection after another."""

    def __init__(self, met: Met, *, followers: int) -> None:
        self.met = met
        self.loop = VirtualLoop()
        self.lines = Lines()
        self.loop.do(self._start)
        self.people = [Person(self) for _ in range(followers)]

    def _start(self) -> None:
        self.log = ScriptedLog()
        self.bus = ScriptedBus()
        keys = Keys("t")
        unused: Any = None
        log: Any = self.log
        bus: Any = self.bus
        self.hub = Hub(unused, log, keys, send_many=self.lines.send_many)
        self.hub.bus = bus
        self._channel = keys.channel(JOB).encode()
        for work in (self.hub._look_after(), self.hub._serve_hidden()):
            self.loop.create_task(work)

    def do(self, *actions: Callable[[], object]) -> None:
        """All in one tick of the loop."""
        self.loop.do(lambda: [action() for action in actions])

    def say(self, *made: Any) -> None:
        self.publish(self.log.say(*made))

    def publish(self, message: bytes) -> None:
        if self.bus.channels:
            self.bus.waiting.append(message)

    def hear(self, messages: list[bytes], *, more: bool = False) -> None:
        """One read of the bus."""
        for message in messages:
            self.hub._receive(self._channel, message)
        self.hub.flusher.bus_read(more)

    def reconnect(self) -> None:
        """The bus was cut, and is there again."""
        self.bus.waiting.clear()
        self.hub._suspect_all()

    def answer(self, index: int, how: str) -> None:
        """What becomes of a command that is under way."""
        if not self.log.calls:
            return
        index %= len(self.log.calls)
        call = self.log.calls[index]
        if how == "look":
            call.look()
            return
        del self.log.calls[index]
        call.fail() if how == "fail" else call.deliver()

    def close(self) -> None:
        self.loop.abandon()


class Person:
    """A page that follows the job: what it holds outlives its connections."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.page = Listener(world.log.shown, world.met)
        self.line: Line | None = None

    def connect(self, kind: str, room: int) -> None:
        if self.line is None:
            self.line = Line(self, kind, room)

    def ask(self) -> None:
        if self.line is not None:
            self.line.ask()

    def follow_elsewhere(self) -> None:
        """Another node has shown all that there is."""
        view = self.world.log.view()
        if view.sequence and not view.ended:
            self.page.become(view.snapshot(reset=True))

    def reload(self) -> None:
        """The page forgets what it held."""
        self.hang_up()
        self.page = Listener(self.world.log.shown, self.world.met)

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.end(abort=True)


class Line:
    """A connection, as `realtime.engine.connection` keeps it, and its far end."""

    def __init__(self, person: Person, kind: str, room: int) -> None:
        self.person = person
        self.world = person.world
        self.outlet = Outlet(self.world.hub.outlets)
        self.transport: ScriptedTransport | None = None
        self.witness = Listener(self.world.log.shown, Met())
        """Folds what was handed to the connection, whether it has got through or not."""
        self.witness.become(person.page.view.snapshot(reset=True))
        self.asking = False
        self.answered = 0
        self._asked: list[JobSnapshot] = []
        self._polled: list[str] = []
        self._frames = Frames()
        self._taken = self._read = self._witnessed = 0
        person.page.deaf = False
        if kind != "polling":
            self.open_socket(kind, room)

    def open_socket(self, kind: str, room: int = PLENTY) -> None:
        if self.transport is None and not self.outlet.closed:
            transport = self.transport = self.world.lines.open(lambda: self.end(abort=True), room=room)
            transport.blocked, transport.drained = self.outlet.blocked, self._drained
            descriptor = -1 if kind == "encrypted" else transport.descriptor
            self.outlet.open_socket(transport, descriptor, deflates=kind == "deflating")

    # Requests.

    def ask(self) -> None:
        """Follow, or go on following from what the page holds."""
        if not self.asking and not self.outlet.closed:
            self.asking = True
            page = self.person.page
            page.deaf = True
            self._asked.append(page.view.snapshot(reset=True))
            self.world.loop.create_task(self._join(page.view))

    async def _join(self, view: JobView) -> None:
        checkpoint = Checkpoint(view.sequence, Epoch(view.epoch)) if view.epoch else None
        try:
            _, attach = await self.world.hub.join(self.outlet, JOB, checkpoint)
        except RequestError:
            self.world.met.note("refused")
            self.outlet.send("43refused")
            return
        self.outlet.send("43ok")
        attach()

    def leave(self) -> None:
        self.world.hub.leave(self.outlet, JOB)

    def show(self, *, visible: bool) -> None:
        if JOB in self.outlet.followed:
            self.world.hub.show(self.outlet, JOB, visible=visible)

    # The network.

    def ping(self) -> None:
        if self.transport is not None and not self.outlet.congested:
            self.transport.write(PONG)

    def say(self) -> None:
        """A control packet, which tells what has been handed over before it."""
        follower = self.outlet.followed.get(JOB)
        if follower is not None:
            self.outlet.send(f"2{follower.feed.sent if follower.live else follower.position.sequence}")

    def poll(self, most: int) -> None:
        self._polled += self.outlet.take(most) if self.transport is None else []

    def drain(self, room: int) -> None:
        if self.transport is not None:
            self.transport.drain(room)

    def break_off(self) -> None:
        """Nobody has heard of it yet."""
        if self.transport is not None:
            self.transport.broken = True

    def _drained(self) -> None:
        if not self.outlet.closed:
            self.outlet.drained()

    def end(self, *, abort: bool) -> None:
        """As `Connection.shut`."""
        if self.outlet.closed:
            return
        if self.transport is not None and not abort:
            self.outlet.flush()
            self.transport.write(CLOSE)
        self.outlet.close()
        if self.transport is not None:
            self.transport.abort()
        self.person.line = None
        self.person.page.deaf = False

    # What has come, and what is on its way.

    def read(self) -> None:
        """The page takes what has got through."""
        packets = self._packets()
        for packet in packets[self._read :]:
            self.person.page.hear(packet, answered=self._was_answered)
        self._read = len(packets)

    def _was_answered(self, packet: str) -> None:
        self.asking = False
        self.person.page.deaf = packet == "43refused"

    def watch(self) -> None:
        """The witness takes what was handed over."""
        packets = [*self._packets(), *self._waiting()]
        for packet in packets[self._witnessed :]:
            self.witness.hear(packet, answered=self._is_answered)
        self._witnessed = len(packets)

    def _is_answered(self, packet: str) -> None:
        asked = self._asked.pop(0)
        if packet == "43ok":
            self.witness.become(asked)

    def _packets(self) -> list[str]:
        if self.transport is not None:
            data = bytes(self.transport.received[self._taken :])
            self._taken += len(data)
            self._polled += self._frames.feed(data)
        return self._polled

    def _waiting(self) -> list[str]:
        waiting = self.outlet._waiting
        if self.transport is None:
            return [str(packet) for packet in waiting]
        rest = Frames()
        rest._rest = self._frames._rest
        rest._inflate = self._frames._inflate.copy()
        return rest.feed(self.transport.held + b"".join(one for one in waiting if isinstance(one, bytes)))

    @property
    def may_be_written_to(self) -> bool:
        descriptors: array[int] = self.world.hub.outlets.descriptors
        return descriptors[self.outlet.slot] >= 0

    @property
    def crowded(self) -> bool:
        return self.outlet.unsent > outlet_module.HIGH_WATER_BYTES
