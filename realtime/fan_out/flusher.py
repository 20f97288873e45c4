"""Sends what is due to the live followers of all feeds: at once, or as the loop can bear it.

Feeds wait in a queue, and get into it with their first event that is due. Where the loop is not busy,
the queue is emptied after each read of the bus. Where it is, that is done in slices with the bus read
in between, so that a feed whose turn comes sends all it has by then: under load each follower gets
fewer, larger writes, and no event waits for more than one round.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Final

from realtime.fan_out.audience import Audience
from realtime.fan_out.batch import Batch, messages_of
from realtime.fan_out.broadcast import Batch as SlotsAndBytes
from realtime.fan_out.broadcast import SendMany, Unfinished
from realtime.fan_out.outlets import Outlets
from realtime.fan_out.pacer import Pacer

SHORTEST_WAIT_S: Final = 0.0005
"""The loop's timers are no finer: what would wait less does not wait."""
SLICE_S: Final = 0.004
"""After as much flushing the bus is looked at, and whatever else there is."""
SHORT_SLICE_S: Final = 0.001
"""So much while the bus is behind: what its socket holds is little, and Redis must be able to send more."""
SENT_AT_A_TIME: Final = 128
MOST_READS: Final = 4
"""Reads of the bus that a flush lets go first, as long as there is more to read."""


class Flusher:
    """`send_many` is one of `realtime.fan_out.broadcast`."""

    def __init__(self, outlets: Outlets, send_many: SendMany) -> None:
        self.pacer = Pacer()
        self._outlets = outlets
        self._send_many = send_many
        self._queue: deque[Audience] = deque()
        self._next: asyncio.Handle | None = None
        self._reads = 0
        self._pressed = False
        self._window_open = False
        self._cost_s = 0.0

    def due(self, feed: Audience) -> None:
        """Have `feed` flushed after `bus_read` is called."""
        self._queue.append(feed)

    def bus_read(self, more: bool) -> None:
        """All that was read has been handed over; if there is `more`, that is read first."""
        if not self._queue or self._window_open:
            return
        self._pressed = more
        self._reads = self._reads + 1 if more else 0
        if 0 < self._reads < MOST_READS:
            self._go_on(self._after_a_look)
        elif self._next is None:
            wait_s = self.pacer.wait_s(perf_counter())
            if wait_s < SHORTEST_WAIT_S:
                self._run()
            else:
                self._window_open = True
                self._next = asyncio.get_running_loop().call_later(wait_s, self._run)

    def flush(self, feed: Audience) -> None:
        """Send what is due in one feed, now."""
        self._flush([feed])

    def flush_all(self) -> None:
        """Send everything that is due, now."""
        while self._queue:
            self._flush(self._some())
        self._outlets.flush()

    def _after_a_look(self) -> None:
        """The loop looks at the sockets between two ticks: if there was nothing more, there is none."""
        self._go_on(self._run)

    def _go_on(self, step: Callable[[], None]) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = asyncio.get_running_loop().call_soon(step)

    def _run(self) -> None:
        """One slice; the window opens once the queue is empty."""
        self._next, self._reads, self._window_open = None, 0, False
        began = thread_time()
        ends = perf_counter() + (SHORT_SLICE_S if self._pressed else SLICE_S)
        while self._queue and perf_counter() < ends:
            self._flush(self._some())
        self._outlets.flush()
        self._cost_s += thread_time() - began
        if self._queue:
            self._go_on(self._run)
        else:
            self.pacer.flushed(self._cost_s, perf_counter())
            self._cost_s = 0.0

    def _some(self) -> list[Audience]:
        """The feeds whose turn it is, with about `SENT_AT_A_TIME` followers."""
        feeds, count = [], 0
        while self._queue and count < SENT_AT_A_TIME:
            feed = self._queue.popleft()
            feeds.append(feed)
            count += len(feed.live.slots)
        return feeds

    def _flush(self, feeds: list[Audience]) -> None:
        found: list[tuple[Audience, list[bytes]]] = []
        batches: list[SlotsAndBytes] = []
        for feed in feeds:
            events = feed.take_due()
            if events:
                found.append((feed, events))
                batches.append((feed.live.slots, messages_of(events)))
        unfinished = self._send_many(self._outlets.descriptors, batches)
        if unfinished:
            self._finish(found, unfinished)
        for feed, _ in found:
            if feed.urgent:
                feed.flushed()

    def _finish(self, found: list[tuple[Audience, list[bytes]]], unfinished: list[Unfinished]) -> None:
        """For followers whose descriptor is not to be written to, or did not take everything."""
        batches: dict[int, Batch] = {}
        for index, slot, written in unfinished:
            feed, events = found[index]
            outlet, batch = self._outlets[slot], batches.get(index)
            if batch is None:
                batch = batches[index] = Batch(events)
            if written > 0:
                outlet.put_rest(batch.messages, written)
            elif written < 0:
                outlet.abort()
            elif outlet.congested:
                feed.missed(outlet.followed[feed.job_id], len(events))
            else:
                outlet.deliver(batch)
