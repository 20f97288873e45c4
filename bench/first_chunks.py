"""When the first text of each stream was written, read while the log still has it.

A writer compacts its log, so the first events of a long answer are gone at its end. The events tell
when they were written: it is enough to look now and then.
"""

import time
from collections.abc import Sequence
from typing import Final

from bench.quantile import quantile
from bench.stream_logs import BEGINNING, StreamLogs
from bench.transcript import Ticket
from shared_events.events import Event, ModelChunk, decode_event

LOOK_EVERY_S: Final = 0.1


class FirstChunks:
    """Of all jobs that it was told to `expect`. Call `looked` until it is true."""

    def __init__(self, logs: StreamLogs) -> None:
        self._logs = logs
        self._expected: list[Ticket] = []
        self._waits_ms: list[float] = []
        self._missed = 0
        self._look_at = 0.0

    def expect(self, tickets: Sequence[Ticket]) -> None:
        self._expected += tickets

    def looked(self) -> bool:
        """Look for what is still expected, unless that was done a moment ago; whether nothing is."""
        if self._expected and time.monotonic() >= self._look_at:
            self._look()
            self._look_at = time.monotonic() + LOOK_EVERY_S
        return not self._expected

    @property
    def numbers(self) -> dict[str, float]:
        """From submit to the first chunk; no quantiles where some had gone before they were looked for."""
        missed = {"first_missed": float(self._missed)}
        if self._missed or not self._waits_ms:
            return missed
        waits = sorted(self._waits_ms)
        return missed | {"first_p50_ms": quantile(waits, 0.5), "first_p99_ms": quantile(waits, 0.99)}

    def _look(self) -> None:
        expected, self._expected = self._expected, []
        for ticket, data in zip(expected, self._logs.beginnings(expected), strict=True):
            self._judge(ticket, [decode_event(event) for event in data])

    def _judge(self, ticket: Ticket, events: Sequence[Event]) -> None:
        written_ms = first_chunk_ms(events)
        if is_gone(events):
            self._missed += 1
        elif written_ms is None:
            self._expected.append(ticket)
        else:
            self._waits_ms.append(written_ms - ticket.submitted_ms)


def first_chunk_ms(beginning: Sequence[Event]) -> float | None:
    """Unix milliseconds of the first text in the `beginning` of a log."""
    return next((event.timestamp for event in beginning if isinstance(event, ModelChunk)), None)


def is_gone(beginning: Sequence[Event]) -> bool:
    """Whether the first chunk of a job will not be found in the `beginning` of its log any more."""
    if not beginning:
        return False
    full = len(beginning) >= BEGINNING and first_chunk_ms(beginning) is None
    return beginning[0].sequence > 1 or full
