"""Websocket compression (RFC 7692) that all followers share. Pure.

A batch is compressed once, with nothing of what went before: its messages refer to one another only,
so they fit whatever a client has already received, and no connection needs a compressor of its own.
"""

import zlib
from collections.abc import Sequence
from typing import Final

from realtime.fan_out.framing import text_header

LEAST_BYTES: Final = 1024
"""Of smaller batches hardly anything would be saved."""
_COMPRESSED: Final = 0x40
"""The bit of a websocket message's first byte that says so (RSV1)."""
_FLUSHED: Final = len(b"\x00\x00\xff\xff")
"""What each message ends with is left out (RFC 7692, section 7.2.1)."""


def deflated(payloads: Sequence[bytes]) -> bytes:
    """The websocket messages of `payloads`, which are texts."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b"".join(
        _message((compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-_FLUSHED])
        for payload in payloads
    )


def _message(data: bytes) -> bytes:
    header = text_header(len(data))
    return bytes((header[0] | _COMPRESSED,)) + header[1:] + data
