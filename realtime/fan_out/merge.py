"""Adjacent chunks as one: what a follower gets that was not there when they were said. Pure.

A merged chunk stands for the sequences `fromSequence`…`sequence`; folding it gives what folding the
chunks gives. It has the timestamp and the metadata of the last.
"""

from collections.abc import Iterable, Iterator
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
    """`events` with each run of chunks as one; each with the number of events that it stands for.

    Takes no more of `events` than it needs for what is wanted of it.
    """
    return map(_merged_run, _runs(events))


def _runs(events: Iterable[Said]) -> Iterator[list[Said]]:
    """Runs of chunks, of about `MERGED_CHARACTERS`, and each other event alone."""
    run: list[Said] = []
    length = 0
    for one in events:
        if run and one.chunk is None:
            yield run
            run, length = [], 0
        run.append(one)
        length += MERGED_CHARACTERS if one.chunk is None else len(one.chunk.chunk)
        if length >= MERGED_CHARACTERS:
            yield run
            run, length = [], 0
    if run:
        yield run


def _merged_run(run: list[Said]) -> tuple[bytes, int]:
    if len(run) == 1:
        return run[0].event, 1
    chunks = [one.chunk for one in run if one.chunk is not None]
    first, last = chunks[0], chunks[-1]
    begin = first.sequence if first.from_sequence is None else first.from_sequence
    text = "".join([chunk.chunk for chunk in chunks])
    whole = msgspec.structs.replace(last, chunk=text, from_sequence=begin)
    return encode_event(whole), len(run)
