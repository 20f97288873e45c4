"""A message of the bus."""

import pytest

from shared_events.errors import InvalidEvent
from shared_events.message import BusMessage, parse_message


def test_events_are_split_and_not_looked_at() -> None:
    assert parse_message(b"e 7 2\nnot json\n{}") == BusMessage("e", 7, 8, [b"not json", b"{}"])  # type: ignore[arg-type]


def test_an_announcement_has_no_events() -> None:
    message = parse_message(b"e 7 3")
    assert (message.first, message.last, message.events) == (7, 9, None)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"e 1", b"e x 1\na", b"e 1 2\na", b"e 1 1 1\na", b"\xff 1 1\na"]
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidEvent, match="not a message of the bus"):
        parse_message(data)
