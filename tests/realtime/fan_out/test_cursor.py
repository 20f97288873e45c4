"""What a message of the bus means to a follower."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.fan_out.cursor import Position, Step, behind, step
from shared_events.ids import Epoch
from shared_events.message import BusMessage

E1, E2 = Epoch("a" * 12), Epoch("b" * 12)


def message(first: int, *events: bytes, epoch: Epoch = E1) -> BusMessage:
    return BusMessage(epoch, first, first + len(events) - 1, list(events))


@pytest.mark.parametrize(
    ("at", "given_message", "expected"),
    [
        (4, message(5, b"5", b"6"), ([b"5", b"6"], 6)),
        (5, message(5, b"5", b"6"), ([b"6"], 6)),
        (6, message(5, b"5", b"6"), ([], 6)),
        (9, message(5, b"5", b"6"), ([], 9)),
        (3, message(5, b"5", b"6"), None),
        (4, message(5, b"5", epoch=E2), None),
        (9, message(5, b"5", epoch=E2), None),
        (4, BusMessage(E1, 5, 6, None), None),
        (6, BusMessage(E1, 5, 6, None), ([], 6)),
    ],
)
def test_step(at: int, given_message: BusMessage, expected: tuple[list[bytes], int] | None) -> None:
    made = step(Position(E1, at), given_message)
    assert made == (None if expected is None else Step(expected[0], Position(E1, expected[1])))


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 4))), st.integers(0, 12))
def test_whatever_arrives_each_event_is_delivered_once_and_in_order(
    batches: list[tuple[int, int]], start: int
) -> None:
    messages = [message(first, *[b"%d" % n for n in range(first, first + size)]) for first, size in batches]
    position, must_read = Position(E1, start), False
    events: list[bytes] = []
    for one in messages:
        made = step(position, one)
        must_read = must_read or made is None
        if made is not None and not must_read:
            position, events = made.position, events + made.events
    assert events == [b"%d" % n for n in range(start + 1, position.sequence + 1)]
    furthest = max((one.last for one in messages), default=0)
    assert must_read or position.sequence >= furthest


def test_behind_is_another_epoch_or_a_smaller_sequence() -> None:
    assert behind(Position(E1, 4), Position(E1, 5))
    assert behind(Position(E1, 9), Position(E2, 5))
    assert not behind(Position(E1, 5), Position(E1, 5))
    assert not behind(Position(E1, 6), Position(E1, 5))
