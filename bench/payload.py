"""The event that both systems send: a chunk of about 190 bytes whose text tells when it was published."""

import time
from typing import Final

from shared_events.events import ChunkMetadata

METADATA: Final = ChunkMetadata(step="writing", model="a-model", tokens_per_sec=42.1)
EVENT: Final = b'42["model:chunk",'
"""How the event begins on a follower's websocket."""
_DIGITS: Final = 14
_SEQUENCE: Final = b'"sequence":'
_FROM_SEQUENCE: Final = b'"fromSequence":'
_CHUNK: Final = b'"chunk":"'


def clock_us() -> int:
    """A clock that all processes of this machine share."""
    return time.monotonic_ns() // 1000


def chunk_text() -> str:
    return f"{clock_us():0{_DIGITS}d}"


def published_us(packet: bytes) -> int:
    """When the event in `packet` was published, by `clock_us`."""
    start = packet.index(_CHUNK) + len(_CHUNK)
    return int(packet[start : start + _DIGITS])


def sequence_of(packet: bytes) -> int:
    """The sequence of the event in `packet`. Raises `ValueError` if it has none."""
    return _number_after(_SEQUENCE, packet)


def first_sequence_of(packet: bytes) -> int:
    """Where a merged chunk begins; its sequence if it is a single one."""
    return _number_after(_FROM_SEQUENCE if _FROM_SEQUENCE in packet else _SEQUENCE, packet)


def _number_after(name: bytes, packet: bytes) -> int:
    start = packet.index(name) + len(name)
    end = packet.find(b",", start)
    return int(packet[start : end if end >= 0 else packet.index(b"}", start)])
