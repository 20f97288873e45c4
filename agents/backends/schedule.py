"""When each of many chunks is due: against a schedule, so that delays never add up. Pure."""

import msgspec


class Schedule(msgspec.Struct, frozen=True):
    """Chunk `i` (from 0) is due at `start_s + i / per_s` of some clock."""

    start_s: float
    per_s: float

    def due(self, now_s: float) -> int:
        """How many chunks are due by now."""
        return int((now_s - self.start_s) * self.per_s) + 1

    def wait_s(self, index: int, now_s: float) -> float:
        """How long until chunk `index` is due; 0 when it is late."""
        return max(0.0, self.start_s + index / self.per_s - now_s)
