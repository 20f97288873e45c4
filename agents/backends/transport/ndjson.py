"""An incremental splitter of newline-delimited JSON. Pure: bytes in, lines out.

It takes what one network read brought in one pass. As of server-sent events, bytes that are not UTF-8 and
a line of more than 4 MiB raise `BackendProtocolError`.
"""

from collections.abc import Iterator

from agents.backends.transport.sse import BOM, bounded, utf8


class NDJSONParser:
    """`feed` it what each read brings, in any pieces."""

    def __init__(self) -> None:
        self._begun = bytearray()  # the line whose end has not come yet
        self._first_line = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that `data` completes, without their ends and the empty ones; you must take them all."""
        *lines, begun = data.split(b"\n")
        if lines:
            lines[0] = bytes(self._begun + lines[0])
            self._begun.clear()
        self._begun += begun
        for line in lines:
            if said := self._said(line):
                yield utf8(said)
        bounded(len(self._begun))

    def rest(self) -> bytes:
        """The last line, if the stream ended without a line end; it may be cut anywhere."""
        rest = self._said(bytes(self._begun))
        self._begun.clear()
        return rest

    def _said(self, line: bytes) -> bytes:
        bounded(len(line))
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(BOM)
        return line.strip()
