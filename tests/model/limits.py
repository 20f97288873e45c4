"""The code's limits, so small that a few dozen steps run into each of them, and ids that can be read."""

import pytest

from tests.model.counted_ids import IDS
from tests.model.lossy_bus import LossyBus
from tests.model.virtual_time import CLOCK

_EVENT_BYTES = 120

_LIMITS = {
    "workers.outbox.BATCH_EVENTS": 3,
    "workers.outbox.RETAINED_BYTES": 6 * _EVENT_BYTES,
    "workers.writer.UNSENT_LIMIT_BYTES": 12 * _EVENT_BYTES,
    "shared_events.compaction.COMPACT_BYTES": 6 * _EVENT_BYTES,
    "shared_events.pieces.MAX_CHUNK_CHARACTERS": 24,
    "shared_events.scripts.ANNOUNCE_BYTES": 3 * _EVENT_BYTES - 20,
    "shared_events.log.MAX_EPOCHS": 6,
    "shared_events.checkpoint.MAX_EPOCHS": 6,
    "workers.pausing.PAUSE_LIMIT_S": 60.0,
    "realtime.fan_out.feed.MOST_DUE": 6,
    "realtime.fan_out.feed.MOST_SENT_ON_BYTES": 5 * _EVENT_BYTES,
    "realtime.fan_out.feed.HEARD_BYTES": 6 * _EVENT_BYTES,
    "realtime.fan_out.flusher.MOST_READS": 3,
    "realtime.fan_out.hub.LONGEST_TAIL_BYTES": 5 * _EVENT_BYTES,
    "realtime.fan_out.hub.SHORTEST_TAIL_BYTES": 5 * _EVENT_BYTES,
    "realtime.fan_out.merge.MERGED_CHARACTERS": 24,
    "realtime.fan_out.outlet.HIGH_WATER_BYTES": 12 * _EVENT_BYTES,
    "realtime.fan_out.tail.PIECE_BYTES": 4 * _EVENT_BYTES,
}


def narrow(patch: pytest.MonkeyPatch) -> None:
    """Put the small limits, the virtual clock and the counted ids in place."""
    for name, value in _LIMITS.items():
        patch.setattr(name, value)
    for module in ("realtime.fan_out.mender", "realtime.fan_out.outlet", "workers.writer"):
        patch.setattr(f"{module}.time", CLOCK)
    patch.setattr("realtime.fan_out.flusher.perf_counter", CLOCK.monotonic)
    patch.setattr("realtime.fan_out.flusher.thread_time", CLOCK.monotonic)
    patch.setattr("realtime.fan_out.hub.Bus", LossyBus)
    patch.setattr("shared_events.ids._random", IDS.next)
