"""The far end of a connection: takes the bytes apart and folds what they say, and misses nothing."""

import zlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from shared_events.events import EVENTS, JobSnapshot, ModelChunk, decode_event
from shared_events.fold import JobView, Outcome
from tests.model.met import Met
from tests.realtime.fan_out.scripted_log import JOB, Shown, shown

TEXT: Final = 1
_PLAIN: Final = 0x81
_DEFLATED: Final = 0xC1
_split: Final = msgspec.json.Decoder(tuple[str, msgspec.Raw])


class Frames:
    """Websocket frames out of bytes that come in pieces: the texts, in order."""

    def __init__(self) -> None:
        self._rest = b""
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def feed(self, data: bytes) -> list[str]:
        self._rest += data
        texts: list[str] = []
        while (size := self._whole()) is not None:
            header, length = size
            frame, self._rest = self._rest[: header + length], self._rest[header + length :]
            text = self._text(frame[0], frame[header:])
            if text is not None:
                texts.append(text)
        return texts

    def _whole(self) -> tuple[int, int] | None:
        """How long the header and the payload of the next frame are, if it is there."""
        rest = self._rest
        if len(rest) < 2:
            return None
        extra = {126: 2, 127: 8}.get(rest[1], 0)
        length = int.from_bytes(rest[2 : 2 + extra], "big") if extra else rest[1]
        return None if len(rest) < 2 + extra + length else (2 + extra, length)

    def _text(self, first: int, payload: bytes) -> str | None:
        if first == _DEFLATED:
            payload = self._inflate.decompress(payload + b"\x00\x00\xff\xff")
        elif first != _PLAIN:
            assert first in {0x88, 0x8A}, f"no frame begins with {first:#x}"
            return None
        return payload.decode()


class Listener:
    """Folds packets; whatever it shows must be what the log once said at that position."""

    def __init__(self, said: Mapping[tuple[str, int], Shown], met: Met) -> None:
        self.view = JobView(JOB)
        self.deaf = False
        """It has asked where to go on: what comes before the answer is of before."""
        self._said = said
        self._met = met

    def hear(self, packet: str, *, answered: Callable[[str], None]) -> None:
        if packet.startswith("42"):
            if not self.deaf:
                self._apply(packet[2:].encode())
        elif packet.startswith("43"):
            answered(packet)
        elif packet.startswith("2") and not self.deaf:
            assert self.view.sequence == int(packet[1:]), "overtaken by events, or by what came before them"

    def become(self, snapshot: JobSnapshot) -> None:
        self.view = JobView(JOB)
        self.view.receive_snapshot(snapshot)

    def _apply(self, event: bytes) -> None:
        before = self.view.epoch
        outcome = self._receive(event)
        assert outcome is Outcome.APPLIED, f"{outcome} at {self.view.epoch} {self.view.sequence}: {event!r}"
        if self.view.sequence:
            position = self.view.epoch, self.view.sequence
            assert shown(self.view) == self._said[position], f"not what was said at {position}"
        if before and before != self.view.epoch:
            self._met.note("epoch changes")
        self._met.note("events")

    def _receive(self, event: bytes) -> Outcome:
        name, payload = _split.decode(event)
        if name in EVENTS:
            decoded = decode_event(event)
            if isinstance(decoded, ModelChunk) and decoded.from_sequence is not None:
                self._met.note("merged chunks")
            return self.view.receive(decoded)
        snapshot = msgspec.json.decode(payload, type=JobSnapshot)
        self._met.note("resets" if snapshot.reset else "snapshots")
        assert snapshot.reset or snapshot.sequence >= self.view.sequence, "back without saying so"
        return self.view.receive_snapshot(snapshot)
