"""Newline-delimited JSON: the same lines, however the bytes arrive."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.transport.ndjson import NDJSONParser
from agents.backends.transport.sse import LIMIT_BYTES
from agents.errors import BackendProtocolError
from tests.agents.backends.dialects.reading_cases import pieces_of

CASES: dict[str, tuple[bytes, list[str]]] = {
    "LF": (b"{}\n[]\n", ["{}", "[]"]),
    "CR LF": (b"{}\r\n[]\r\n", ["{}", "[]"]),
    "empty lines": (b"\n\n{}\n \n\t\r\n[]\n\n", ["{}", "[]"]),
    "byte order mark": (b"\xef\xbb\xbf{}\n", ["{}"]),
    "no end at the end": (b"{}\n[]", ["{}", "[]"]),
    "characters of several bytes": ('"ü水🌱"\n'.encode(), ['"ü水🌱"']),
    "separators that are no line ends": (
        '"\u2028\x85\x0b\x0c"\n'.encode(),
        ['"\u2028\x85\x0b\x0c"'],
    ),
    "nothing": (b"", []),
}


def parsed(pieces: Iterable[bytes]) -> list[str]:
    parser = NDJSONParser()
    lines = [line for piece in pieces for line in parser.feed(piece)]
    rest = parser.rest()
    assert parser.rest() == b""
    return [line.decode() for line in ([*lines, rest] if rest else lines)]


@pytest.mark.parametrize("name", CASES)
def test_whole_split_anywhere_and_byte_by_byte_give_the_same(name: str) -> None:
    data, lines = CASES[name]
    assert parsed([data]) == lines
    assert parsed([data[i : i + 1] for i in range(len(data))]) == lines
    for cut in range(len(data) + 1):
        assert parsed([data[:cut], b"", data[cut:]]) == lines, f"cut at {cut}"


@given(st.lists(st.sampled_from(["{}", '"ü"', "🌱", "\n", "\r\n", " "]), max_size=20), st.data())
def test_any_chunking_gives_the_lines_of_the_whole(parts: list[str], draw: st.DataObject) -> None:
    text = "".join(parts)
    lines = [line.strip() for line in text.split("\n")]
    assert parsed(draw.draw(pieces_of(text.encode()))) == [line for line in lines if line]


def test_many_lines_of_one_read_come_in_one_pass() -> None:
    assert len(parsed([b"{}\n" * 10_000])) == 10_000


def test_a_line_of_2_mib_is_read() -> None:
    line = b"x" * (2 * 1024 * 1024) + b"\n"
    assert [len(said) for said in parsed(line[i : i + 65536] for i in range(0, len(line), 65536))] == [2**21]


def test_an_absurdly_long_line_is_refused_before_it_has_ended() -> None:
    parser = NDJSONParser()
    fed = 0
    with pytest.raises(BackendProtocolError, match=f"more than {LIMIT_BYTES} bytes"):
        while fed < 3 * LIMIT_BYTES:
            assert list(parser.feed(b"x" * 65536)) == []
            fed += 65536
    assert fed <= LIMIT_BYTES


def test_an_absurdly_long_line_is_refused_also_if_one_read_brings_it() -> None:
    with pytest.raises(BackendProtocolError, match=f"more than {LIMIT_BYTES} bytes"):
        parsed([b"x" * (LIMIT_BYTES + 1) + b"\n"])


@pytest.mark.parametrize("data", [b'"\xff"\n', b'"\xc3"\n', b'"\xed\xa0\x80"\n'])
def test_bytes_that_are_not_utf_8_are_refused_after_the_lines_ahead_of_them(data: bytes) -> None:
    lines = []
    with pytest.raises(BackendProtocolError, match="The answer is not UTF-8"):
        for line in NDJSONParser().feed(b"{}\n" + data):
            lines.append(line)
    assert lines == [b"{}"]
