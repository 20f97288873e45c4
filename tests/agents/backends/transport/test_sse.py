"""Server-sent events: the same events, however the bytes arrive."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.transport.sse import LIMIT_BYTES, SSEParser
from agents.errors import BackendProtocolError

Said = tuple[str, str]
"""The type of an event, and its text."""
CASES: dict[str, tuple[bytes, list[Said]]] = {
    "LF": (b"data: a\n\ndata: b\n\n", [("message", "a"), ("message", "b")]),
    "CR": (b"data: a\r\rdata: b\r\r", [("message", "a"), ("message", "b")]),
    "CR LF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("message", "a"), ("message", "b")]),
    "mixed line ends": (b"data: a\r\n\ndata: b\n\r\n", [("message", "a"), ("message", "b")]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [("message", "a")]),
    "comments": (b": hello\n:\n\n: again\ndata: a\n: inside\n\n", [("message", "a")]),
    "data of several lines": (b"data: a\ndata:b\ndata:  c\n\n", [("message", "a\nb\n c")]),
    "data of several lines, with CR LF": (
        b"event: e\r\ndata: a\r\ndata: b\r\n\r\n",
        [("e", "a\nb")],
    ),
    "empty data": (b"data\n\ndata:\n\n", [("message", ""), ("message", "")]),
    "event types": (
        b"event: error\ndata: a\n\ndata: b\n\n",
        [("error", "a"), ("message", "b")],
    ),
    "a type without data": (b"event: lost\n\ndata: b\n\n", [("message", "b")]),
    "other fields": (b"id: 1\nretry: 5\ndata: a\nnonsense\nfoo: bar\n\n", [("message", "a")]),
    "no space after the colon": (b"data:a: b\n\n", [("message", "a: b")]),
    "characters of several bytes": ("data: ü水🌱\n\n".encode(), [("message", "ü水🌱")]),
    "separators that are no line ends": (
        "data: a\u2028b\x85c\x0bd\x0ce\u0085f\n\n".encode(),
        [("message", "a\u2028b\x85c\x0bd\x0ce\u0085f")],
    ),
    "unfinished at the end": (b"data: a\n\ndata: b\n", [("message", "a")]),
    "half a line at the end": (b"data: a\n\ndata: b", [("message", "a")]),
    "nothing": (b"", []),
}


def parsed(pieces: Iterable[bytes]) -> list[Said]:
    parser = SSEParser()
    return [(event.event, event.data.decode()) for piece in pieces for event in parser.feed(piece)]


@pytest.mark.parametrize("name", CASES)
def test_whole_split_anywhere_and_byte_by_byte_give_the_same(name: str) -> None:
    data, events = CASES[name]
    assert parsed([data]) == events
    assert parsed([data[i : i + 1] for i in range(len(data))]) == events
    for cut in range(len(data) + 1):
        assert parsed([data[:cut], data[cut:]]) == events, f"cut at {cut}"
        assert parsed([data[:cut], b"", data[cut:]]) == events, f"cut at {cut}, with an empty read"


def by_hand(data: bytes) -> list[Said]:
    """The standard, said in a few lines for whole input."""
    text = data.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events = []
    for block in text.split("\n\n")[:-1]:
        lines = [line for line in block.split("\n") if line]
        values = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
        if values:
            events.append(("message", "\n".join(values)))
    return events


@given(
    st.lists(
        st.sampled_from(["data: ü\n", "data:🌱", "\n", "\r", "\r\n", "\n\n", ": c", "\ufeff"]), max_size=20
    ),
    st.data(),
)
def test_any_chunking_gives_what_the_standard_says(parts: list[str], draw: st.DataObject) -> None:
    data = "".join(parts).encode()
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    ends = [*cuts, len(data)]
    pieces = [data[begin:end] for begin, end in zip([0, *cuts], ends, strict=True)]
    assert parsed(pieces) == by_hand(data)


def test_many_events_of_one_read_come_in_one_pass() -> None:
    assert len(parsed([b"data: x\n\n" * 10_000])) == 10_000


def test_a_line_of_2_mib_is_read() -> None:
    line = b"data: " + b"x" * (2 * 1024 * 1024) + b"\n\n"
    pieces = [line[i : i + 65536] for i in range(0, len(line), 65536)]
    assert [len(text) for _, text in parsed(pieces)] == [2 * 1024 * 1024]


def test_an_absurdly_long_line_is_refused_before_it_has_ended() -> None:
    parser = SSEParser()
    fed = 0
    with pytest.raises(BackendProtocolError, match=f"more than {LIMIT_BYTES} bytes"):
        while fed < 3 * LIMIT_BYTES:
            list(parser.feed(b"x" * 65536))
            fed += 65536
    assert fed <= LIMIT_BYTES


def test_an_absurdly_long_event_is_refused() -> None:
    parser = SSEParser()
    with pytest.raises(BackendProtocolError, match=f"more than {LIMIT_BYTES} bytes"):
        for _ in range(LIMIT_BYTES // 65536 + 1):
            list(parser.feed(b"data: " + b"x" * 65536 + b"\n"))


def test_what_came_ahead_of_something_unreadable_is_given_first() -> None:
    for bad in (b"data: \xff\n\n", b"x" * (LIMIT_BYTES + 1)):
        events = SSEParser().feed(b"data: a\n\n" + bad)
        assert next(events).data == b"a"
        with pytest.raises(BackendProtocolError):
            next(events)


@pytest.mark.parametrize("data", [b"data: \xff\n\n", b"data: \xc3\n\n", b"data: \xed\xa0\x80\n\n"])
def test_bytes_that_are_not_utf_8_are_refused(data: bytes) -> None:
    with pytest.raises(BackendProtocolError, match="The answer is not UTF-8"):
        parsed([data])


def test_a_comment_that_is_not_utf_8_does_no_harm() -> None:
    assert parsed([b": \xff\ndata: a\n\n"]) == [("message", "a")]
