"""An incremental parser of server-sent events (WHATWG HTML, 9.2). Pure: bytes in, events out.

It parses what one network read brought in one pass. Stricter than the standard in two points, so that
an answer is never silently changed: bytes that are not UTF-8 and a line or an event of more than 4 MiB
raise `BackendProtocolError`. As the standard says, an event without its empty line at the end of the
stream never happened.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from agents.errors import BackendProtocolError

LIMIT_BYTES: Final = 4 * 1024 * 1024
BOM: Final = b"\xef\xbb\xbf"


class SSEEvent(msgspec.Struct, frozen=True, gc=False):
    """`event` is `message` where the server gave no type; `data` is UTF-8."""

    event: str
    data: bytes


class SSEParser:
    """`feed` it what each read brings, in any pieces."""

    def __init__(self) -> None:
        self._begun = bytearray()  # of the line whose end has not come yet
        self._after_cr = False
        self._first_line = True
        self._event = b""
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, data: bytes) -> Iterator[SSEEvent]:
        """The events that `data` completes, as far as it can be read; you must take them all."""
        for line in self._lines(data):
            if line:
                self._field(line)
            elif self._data:
                yield self._dispatch()
            else:
                self._event = b""
        bounded(len(self._begun))

    def _lines(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends: LF, CR or CR LF."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")  # the other half of a CR LF
            self._after_cr = False
        lines = data.splitlines()
        ended = data.endswith((b"\n", b"\r"))
        self._after_cr = self._after_cr or data.endswith(b"\r")
        rest = b"" if ended or not lines else lines.pop()
        if lines:
            lines[0] = self._completed(lines[0])
        self._begun += rest
        return lines

    def _completed(self, line: bytes) -> bytes:
        """`line` with what earlier reads brought of it."""
        if self._begun:
            line = bytes(self._begun + line)
            self._begun.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(BOM)
        return line

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._data_bytes = bounded(self._data_bytes + len(value) + 1)
        elif name == b"event":
            self._event = value.removeprefix(b" ")

    def _dispatch(self) -> SSEEvent:
        event, data = self._event, b"\n".join(self._data)
        self._event, self._data, self._data_bytes = b"", [], 0
        return SSEEvent(utf8(event).decode() or "message", utf8(data))


def utf8(data: bytes) -> bytes:
    """`data`, looked at. Raises `BackendProtocolError`."""
    try:
        if not data.isascii():
            data.decode()
    except UnicodeDecodeError as error:
        raise BackendProtocolError(f"The answer is not UTF-8: {error.reason}.") from None
    return data


def bounded(size: int) -> int:
    """`size` in bytes, if an answer may have a line so long. Raises `BackendProtocolError`."""
    if size > LIMIT_BYTES:
        raise BackendProtocolError(f"A line or event of the answer has more than {LIMIT_BYTES} bytes.")
    return size
