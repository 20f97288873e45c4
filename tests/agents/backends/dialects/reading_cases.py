"""What a dialect makes of the bytes of an answer, and that it is the same however they arrive.

COMPLETE = {"usual": Complete(whole("Hello"), Outcome("Hello", Finished("stop")))}
BROKEN = {"no end": Broken(chunk("a"), "a", "backend_incomplete", "without its end marker")}

For every case of a dialect, `outcome` of its bytes must be the expected one or `assert_broken` hold, and
`split_everywhere`; and under Hypothesis `outcome(dialect, draw.draw(pieces_of(data)))` must be the same.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from hypothesis import strategies as st

from agents import ChatRequest
from agents.backends.dialect import Dialect, Reading
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCall, ToolCallDelta
from agents.backends.tally import Tally
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendError

NOTHING_SECRET = Redaction(None, [])
SHORT = 2_000
"""Bytes of a case that is split at each of them."""


class Outcome(msgspec.Struct):
    """What came of an answer. `end` is a code and a message where it failed."""

    text: str
    end: Finished | tuple[str, str]
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()


class Complete(msgspec.Struct, frozen=True):
    """The bytes of an answer that comes to a good end, and what they say."""

    data: bytes
    outcome: Outcome


class Broken(msgspec.Struct, frozen=True):
    """The bytes of an answer that fails, its text so far, and the error: code, and a pattern of its words."""

    data: bytes
    text: str
    code: str
    words: str


def outcome(dialect: Dialect, pieces: Iterable[bytes], redaction: Redaction = NOTHING_SECRET) -> Outcome:
    """What a backend of `dialect` makes of an answer that comes in these pieces."""
    reading, tally = dialect.reading(redaction), Tally(ChatRequest(()))
    deltas: list[Delta] = []
    end: Finished | tuple[str, str]
    try:
        for delta in _read(reading, pieces):
            deltas.append(delta)
            tally.take(delta)
        end = reading.finish()
        tally.take(end)
    except BackendError as error:
        end = (error.code, str(error))
    return told(deltas, end)


def told(deltas: Iterable[Delta], end: Finished | tuple[str, str]) -> Outcome:
    """What `deltas` say together."""
    result = Outcome("", end)
    calls: dict[int, ToolCall] = {}
    for delta in deltas:
        if isinstance(delta, TextDelta):
            result.text += delta.text
        elif isinstance(delta, ReasoningDelta):
            result.reasoning += delta.text
        elif isinstance(delta, ToolCallDelta):
            calls[delta.index] = _longer(calls.get(delta.index, ToolCall("", "", "")), delta)
    result.calls = tuple(calls[index] for index in sorted(calls))
    return result


def whole_outcome(dialect: Dialect, body: bytes) -> Outcome:
    """What a backend of `dialect` makes of a whole answer. Raises `BackendError`."""
    *deltas, end = dialect.whole(body, NOTHING_SECRET)
    assert isinstance(end, Finished)
    return told(deltas, end)


def assert_broken(dialect: Dialect, case: Broken) -> None:
    """Asserts that a backend of `dialect` fails at `case` as expected, and keeps what came before."""
    result = outcome(dialect, [case.data])
    assert isinstance(result.end, tuple), f"It came to a good end: {result}"
    assert (result.text, result.end[0]) == (case.text, case.code), result.end[1]
    assert re.search(case.words, result.end[1])


def split_everywhere(dialect: Dialect, data: bytes) -> None:
    """Asserts that `data` says the same whole, byte by byte, and (if it is short) cut at any byte."""
    expected = outcome(dialect, [data])
    assert outcome(dialect, (data[i : i + 1] for i in range(len(data)))) == expected
    for cut in range(len(data) + 1) if len(data) <= SHORT else ():
        assert outcome(dialect, [data[:cut], data[cut:]]) == expected, f"cut at {cut}"


@st.composite
def pieces_of(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data`, cut at up to eight places; some pieces may be empty."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def _read(reading: Reading, pieces: Iterable[bytes]) -> Iterator[Delta]:
    for piece in pieces:
        if reading.done:
            return
        yield from reading.feed(piece)


def _longer(call: ToolCall, delta: ToolCallDelta) -> ToolCall:
    return ToolCall(
        id=call.id + (delta.id or ""),
        name=call.name + (delta.name or ""),
        arguments=call.arguments + delta.arguments,
    )
