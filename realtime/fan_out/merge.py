"""Adjacent chunks as one: what a follower gets that was not there when they were said. Pure.

A merged chunk stands for the sequences `fromSequence`…`sequence`; folding it gives what folding the
chunks gives. It has the timestamp and the metadata of the last.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

import msgspec

from shared_events.events import ModelChunk, encode_event

MERGED_CHARACTERS: Final = 16 * 1024
"""A longer text is sent in several merged chunks."""

_CHUNK: Final = b'["model:chunk",'
_decoder: Final = msgspec.json.Decoder(tuple[str, ModelChunk])


class Said(msgspec.Struct, frozen=True, gc=False):
    """An event of the log. `chunk` is None for any other than a chunk."""

    event: bytes
    chunk: ModelChunk | None


def said(event: bytes) -> Said:
    """Look into `event`, which is one of a log's."""
    return Said(event, _decoder.decode(event)[1] if event.startswith(_CHUNK) else None)


def merged(events: Iterable[Said]) -> Iterator[tuple[bytes, int]]:
    """`events` with each run of chunks as one; each with the number of events that it stands for."""
    for is_chunk, run in groupby(events, key=lambda one: one.chunk is not None):
        if is_chunk:
            yield from _merged_run(list(run))
        else:
            yield from ((one.event, 1) for one in run)


def _merged_run(run: list[Said]) -> Iterator[tuple[bytes, int]]:
    for part in _parts(run):
        chunks = [one.chunk for one in part if one.chunk is not None]
        first, last = chunks[0], chunks[-1]
        if first is last:
            yield part[0].event, 1
            continue
        begin = first.sequence if first.from_sequence is None else first.from_sequence
        text = "".join([chunk.chunk for chunk in chunks])
        whole = msgspec.structs.replace(last, chunk=text, from_sequence=begin)
        yield encode_event(whole), len(part)


def _parts(run: list[Said]) -> Iterator[list[Said]]:
    """`run` in pieces of about `MERGED_CHARACTERS`."""
    part: list[Said] = []
    length = 0
    for one in run:
        part.append(one)
        length += len(one.chunk.chunk) if one.chunk is not None else 0
        if length >= MERGED_CHARACTERS:
            yield part
            part, length = [], 0
    if part:
        yield part
