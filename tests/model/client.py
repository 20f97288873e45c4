"""A client: one view, kept across reloads and connections, that asks again after a gap.

From a question to its answer no event counts: what stands behind the answer goes on from what was held
when the question was asked. Nor after a refusal: something may have gone unheard.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from shared_events.answers import Meta
from shared_events.checkpoint import Checkpoint
from shared_events.events import Event, JobSnapshot
from shared_events.fold import Outcome
from shared_events.ids import Epoch, JobId
from tests.model.connection import Connection, Way
from tests.model.history import History
from tests.model.met import Met
from tests.model.node import Node
from tests.model.packets import Answered, Leave, Look, Request, is_ping, receive, restored, unpack

_WAYS: Final = (Way.WEBSOCKET, Way.POLLING, Way.WEBSOCKET, Way.ENCRYPTED, Way.WEBSOCKET)
FRUITLESS_DELTAS = 2
"""Gaps that this many deltas in a row did not close are closed by a snapshot."""


class Ear(Enum):
    """What a client hears. Where the log loses nothing that it acknowledged, less care does as well."""

    CAREFUL = "nothing from a question until it is granted"
    HASTY = "nothing from a question until it is answered"
    OPEN = "everything"


class Client:
    """`connect` it first. It comes another way each time, beginning with the one of its `number`."""

    def __init__(self, job_id: JobId, met: Met, ear: Ear, *, number: int = 0) -> None:
        self._job_id = job_id
        self._met = met
        self._ear = ear
        self.view = restored(job_id, None)
        self.stored: JobSnapshot | None = None
        self.connection: Connection | None = None
        self._number = number
        self._asked = 0
        self._is_deaf = False
        self.refused = False
        self.follows = False
        self._fruitless = (-1, 0)
        self.ends = 0

    @property
    def connected(self) -> bool:
        return self.connection is not None and self.connection.open

    @property
    def checkpoint(self) -> Checkpoint | None:
        if self.view.sequence == 0 or not self.view.epoch:
            return None
        return Checkpoint(self.view.sequence, Epoch(self.view.epoch))

    def is_ahead(self, meta: Meta, history: History) -> bool:
        """Whether the log has lost the last of what the client holds, and nobody has gone on from there."""
        held = self.checkpoint
        if held is None or held.epoch is None or held.sequence <= meta.head:
            return False
        return history.contains(held.epoch, held.sequence, Checkpoint(meta.head, meta.epoch))

    def connect(self, node: Node) -> None:
        """Come (back) to `node`; what the old connection still had is lost."""
        if self.connection is not None:
            self.connection.close()
        self.connection = node.connect(_WAYS[self._number % len(_WAYS)], self._number)
        self._number += 1
        self.subscribe()

    def reload(self, node: Node, keeps: JobSnapshot | None) -> None:
        """Begin a new page with what was kept."""
        self.view = restored(self._job_id, keeps)
        self.ends = int(self.view.ended)
        self._met.note("reloads that kept a checkpoint" if keeps else "reloads that kept nothing")
        self.connect(node)

    def save(self) -> None:
        self.stored = self.view.snapshot(reset=False)

    def subscribe(self, *, whole: bool = False) -> None:
        """Ask, though an answer may still be due: only the newest question counts."""
        if self.connection is None or not self.connection.open:
            return
        self._asked += 1
        self._is_deaf, self.refused, self.follows = True, False, True
        checkpoint = None if whole else self.checkpoint
        held = self.view.snapshot(reset=False)
        self.connection.requests.put_nowait(Request(self._asked, checkpoint, held))

    def leave(self) -> None:
        self.follows = False
        if self.connection is not None:
            self.connection.requests.put_nowait(Leave())

    def look(self, *, visible: bool) -> None:
        """The page is looked at again, or not any more."""
        if self.connection is not None:
            self.connection.requests.put_nowait(Look(visible))

    def change_over(self) -> None:
        """From polling to a websocket."""
        if self.connection is not None and self.connected and self.connection.line is None:
            self.connection.open_socket(self._number)
            self._met.note("changes to a websocket")

    def take(self, count: int) -> None:
        """Read that many packets."""
        packets = self.connection.take(count) if self.connected and self.connection else []
        for packet in packets:
            if is_ping(packet):
                continue
            match unpack(packet):
                case Answered() as answer:
                    self._hear(answer)
                case event:
                    self._receive(event)

    def _hear(self, answer: Answered) -> None:
        if answer.number == self._asked:
            self.refused = not answer.ok
            self._is_deaf = self.refused and self._ear is Ear.CAREFUL

    def _receive(self, event: Event | JobSnapshot) -> None:
        if self._is_deaf and self._ear is not Ear.OPEN:
            self._met.note("events not heard")
            return
        outcome = receive(self.view, event)
        self._met.note(f"{outcome} at a client")
        if outcome is Outcome.APPLIED:
            self._applied(event)
        if outcome is Outcome.GAP and not self._is_deaf:
            self._close_gap()

    def _applied(self, event: Event | JobSnapshot) -> None:
        if isinstance(event, JobSnapshot) and event.reset:
            self.ends = 0
            self._met.note("resets at a client")
        self.ends += int(self.view.ended)
        assert self.ends <= 1, f"the end came twice, the second time with {event}"

    def _close_gap(self) -> None:
        sequence, count = self._fruitless
        count = count + 1 if sequence == self.view.sequence else 0
        self._fruitless = (self.view.sequence, count)
        self.subscribe(whole=count >= FRUITLESS_DELTAS)


TURNS: Final[Mapping[str, Callable[[Client, Node], None]]] = {
    "ask": lambda client, _: client.subscribe(),
    "move": lambda client, node: client.connect(node),
    "reload": lambda client, node: client.reload(node, client.view.snapshot(reset=False)),
    "go back": lambda client, node: client.reload(node, client.stored),
    "forget": lambda client, node: client.reload(node, None),
    "save": lambda client, _: client.save(),
    "leave": lambda client, _: client.leave(),
    "hide": lambda client, _: client.look(visible=False),
    "show": lambda client, _: client.look(visible=True),
    "change over": lambda client, _: client.change_over(),
}
"""What a client may do of its own accord."""
