"""Websocket messages as bytes, and what Engine.IO and Socket.IO put into them. Pure."""

from typing import Final

_TEXT: Final = 0x81
"""The first byte of a websocket message that is text, and whole."""
_WHOLE: Final = 0x80
"""Its bit that says that no more fragments follow."""
EVENT: Final = b"42"
"""What Engine.IO and Socket.IO put before an event of the namespace `/`."""


def text_header(length: int) -> bytes:
    """What stands before a websocket text message of `length` bytes (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((_TEXT, length))
    if length < 1 << 16:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big")


def text_message(payload: bytes) -> bytes:
    """A whole websocket text message."""
    return text_header(len(payload)) + payload


_HEADINGS: Final = [text_header(length + len(EVENT)) + EVENT for length in range(2048)]


def heading(length: int) -> bytes:
    """What stands before an encoded event of `length` bytes on a websocket."""
    return _HEADINGS[length] if length < len(_HEADINGS) else text_header(length + len(EVENT)) + EVENT


PART_BYTES: Final = 64 * 1024


def parts(messages: bytes, most: int = PART_BYTES) -> list[bytes]:
    """Whole text messages, in parts of about `most` bytes; a longer one in fragments (RFC 6455, section 5.4).

    Between two parts there may be a control frame.
    """
    found: list[bytes] = []
    begin = at = 0
    while at < len(messages):
        payload, end = _payload_at(messages, at)
        if end - begin > most and begin < at:
            found.append(messages[begin:at])
            begin = at
        if end - at > most:
            found += _fragments(messages[at], messages[payload:end], most)
            begin = end
        at = end
    return [*found, messages[begin:]] if begin < at else found


def _payload_at(messages: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the message at `at` begins and ends."""
    length = messages[at + 1]
    extended = {126: 2, 127: 8}.get(length, 0)
    begin = at + 2 + extended
    return begin, begin + (int.from_bytes(messages[at + 2 : begin], "big") if extended else length)


def _fragments(first_byte: int, payload: bytes, most: int) -> list[bytes]:
    begins = range(0, len(payload), most)
    kinds = [first_byte & ~_WHOLE, *[0] * (len(begins) - 1)]
    kinds[-1] |= _WHOLE
    return [_frame(kind, payload[begin : begin + most]) for kind, begin in zip(kinds, begins, strict=True)]


def _frame(first_byte: int, payload: bytes) -> bytes:
    return bytes((first_byte,)) + text_header(len(payload))[1:] + payload
