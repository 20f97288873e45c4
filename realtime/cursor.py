"""Where a follower stands in a job's log, and what a message of the bus means to it. Pure."""

from collections.abc import Iterable

import msgspec

from shared_events.ids import Epoch
from shared_events.message import BusMessage


class Position(msgspec.Struct, frozen=True):
    """Everything up to `sequence`, as `epoch` has it, has been sent."""

    epoch: Epoch
    sequence: int


class Step(msgspec.Struct, frozen=True):
    """The events to send now, and where that leads."""

    events: list[bytes]
    position: Position


def step(position: Position, message: BusMessage) -> Step | None:
    """What `message` brings a follower at `position`; None if it must read the log first.

    It must when the message goes further than the next event, is another epoch's, or was only announced.
    """
    if message.epoch != position.epoch:
        return None
    if message.last <= position.sequence:
        return Step([], position)
    if message.first > position.sequence + 1 or message.events is None:
        return None
    news = message.events[position.sequence + 1 - message.first :]
    return Step(news, Position(position.epoch, message.last))


def advance(position: Position, messages: Iterable[BusMessage]) -> tuple[Step, bool]:
    """Go through `messages`; the step that they make together, and whether the log must be read."""
    events: list[bytes] = []
    for message in messages:
        one = step(position, message)
        if one is None:
            return Step(events, position), True
        events += one.events
        position = one.position
    return Step(events, position), False


def behind(position: Position, known: Position) -> bool:
    """Whether a follower has not got as far as the log is known to have been."""
    return position.epoch != known.epoch or position.sequence < known.sequence
