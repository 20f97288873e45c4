"""The least of the websocket protocol (RFC 6455) that a load client needs. Pure."""

from typing import Final, NamedTuple

TEXT: Final = 1
CLOSE: Final = 8
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_NO_MASK: Final = bytes(4)
"""Clients must mask what they send; nothing says that the key must change a bit of it."""


class Frame(NamedTuple):
    opcode: int
    payload: bytes


def upgrade_request(host: str, path: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def client_frame(text: bytes) -> bytes:
    """A text frame of up to 125 bytes."""
    assert len(text) < 126
    return bytes((_FINAL | TEXT, _MASKED | len(text))) + _NO_MASK + text


def split_frames(data: bytes) -> tuple[list[Frame], bytes]:
    """The whole frames that a server's `data` begins with, and the rest."""
    frames: list[Frame] = []
    start, size = 0, len(data)
    while size - start >= 2:
        length, body = data[start + 1], start + 2
        if length >= 126:
            body += 2 if length == 126 else 8
            if size < body:
                break
            length = int.from_bytes(data[start + 2 : body])
        end = body + length
        if size < end:
            break
        frames.append(Frame(data[start] & 0x0F, data[body:end]))
        start = end
    return frames, data[start:]
