"""What all readings share: what came ahead of an error or an end marker, and nothing of what came behind."""

from collections.abc import Iterator

import msgspec
import pytest

from agents.backends.dialects.reading import PartsReading, SSEReading, count, decoded, loose
from agents.backends.protocol import Delta, Finished, TextDelta
from agents.backends.transport.sse import SSEEvent
from agents.errors import BackendProtocolError


class Words:
    """Cuts at spaces. `!` cannot be read."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        for word in data.split():
            if word == b"!":
                raise BackendProtocolError("A word cannot be read.")
            yield word


class WordReader:
    """Every word is text; `.` is the end, `?` an error."""

    def __init__(self) -> None:
        self.done = False

    @property
    def complete(self) -> bool:
        return self.done

    def feed(self, part: bytes, /) -> list[Delta]:
        if part == b"?":
            raise BackendProtocolError("A word is wrong.")
        self.done = part == b"."
        return [] if self.done else [TextDelta(part.decode())]

    def finish(self) -> Finished:
        return Finished("stop")


class DoneAtOnce(WordReader):
    def feed(self, part: SSEEvent | bytes, /) -> list[Delta]:
        self.done = True
        return []


@pytest.mark.parametrize(("data", "words"), [(b"a b ? c", "is wrong"), (b"a b ! c", "cannot be read")])
def test_what_a_read_brought_ahead_of_an_error_is_given_and_then_the_error(data: bytes, words: str) -> None:
    reading = PartsReading(Words(), WordReader())
    assert reading.feed(data) == [TextDelta("a"), TextDelta("b")]
    assert reading.done
    assert not reading.complete
    with pytest.raises(BackendProtocolError, match=words):
        reading.finish()


@pytest.mark.parametrize("rest", [b"c", b"?", b"!"])
def test_what_stands_behind_the_end_is_not_looked_at(rest: bytes) -> None:
    reading = PartsReading(Words(), WordReader())
    assert reading.feed(b"a . " + rest) == [TextDelta("a")]
    assert (reading.done, reading.skipped) == (True, 0)
    assert reading.finish() == Finished("stop")


def test_events_behind_the_end_are_not_looked_at() -> None:
    reading = SSEReading(DoneAtOnce())
    assert reading.feed(b"data: end\n\ndata: \xff\n\n" + b"x" * (5 * 1024 * 1024)) == []
    assert reading.finish() == Finished("stop")


class Point(msgspec.Struct):
    x: int
    name: str = ""


POINT = msgspec.json.Decoder(Point)


def test_half_a_surrogate_pair_is_read() -> None:
    assert decoded(POINT, rb'{"x": 1, "name": "\ud83c"}', "It") == Point(1, "\ud83c")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", r"it is not JSON \(Expecting value at character 0\)"),
        (b"secret", r"it is not JSON \(Expecting value at character 0\)"),
        (b'{"x": "secret"}', r"Expected `int`, got `str` - at `\$.x`"),
        (b'{"x": NaN}', "it is not JSON"),
        (b'{"x": 1, "name": "\xff"}', "it is not UTF-8"),
        (b"\xef\xbb\xbf{}", "it is not JSON"),
        (b"[" * 100_000, "Expected `object`, got `array`"),
        (b'{"y":' + b"[" * 100_000, "it is not JSON"),
        (rb'{"x": "secret", "name": "\ud83c"}', "Expected `int`, got `str`"),
    ],
)
def test_what_cannot_be_read_says_why_and_not_what(data: bytes, reason: str) -> None:
    with pytest.raises(BackendProtocolError, match=f"^It cannot be read: {reason}") as raised:
        decoded(POINT, data, "It")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "tokens"), [(0, 0), (7, 7), (-1, None), (2**53, None), (True, None), ("7", None)]
)
def test_only_a_number_counts(value: object, tokens: int | None) -> None:
    assert count(value) == tokens


@pytest.mark.parametrize(
    ("data", "read"),
    [(b'{"a": 1}', {"a": 1}), (b"gone", "gone"), (b"\xff", "\ufffd"), (b"[" * 100_000, None)],
)
def test_what_may_be_json_is_read_either_way(data: bytes, read: object) -> None:
    assert loose(data) == (read if read is not None else "[" * 100_000)
