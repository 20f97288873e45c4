"""Where somebody stands in a job's log, and what a message of the bus means there. Pure."""

import msgspec

from shared_events.ids import Epoch
from shared_events.message import BusMessage


class Position(msgspec.Struct, frozen=True):
    """Everything up to `sequence`, as `epoch` has it, has been sent (or is known)."""

    epoch: Epoch
    sequence: int


class Step(msgspec.Struct, frozen=True):
    """The events that are new, and where they lead."""

    events: list[bytes]
    position: Position


def step(position: Position, message: BusMessage) -> Step | None:
    """What `message` brings at `position`; None if the log must be read first.

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


def behind(position: Position, known: Position) -> bool:
    """Whether somebody has not got as far as the log is known to have been."""
    return position.epoch != known.epoch or position.sequence < known.sequence
