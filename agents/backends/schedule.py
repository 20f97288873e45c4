"""When each of many chunks is due: against a schedule, so that delays never add up. Pure."""

import msgspec


class Schedule(msgspec.Struct, frozen=True):
    """Chunk `i` (from 0) is due at `start_s + i / per_s` of some clock."""

    start_s: float
    per_s: float

    def due(self, now_s: float) -> int:
        """How many chunks are due by now."""
        return int((now_s - self.start_s) * self.per_s) + 1

    def begun_anew(self, index: int, now_s: float, *, if_late_s: float) -> "Schedule":
        """Itself; or one by which chunk `index` is due now, if it is later than `if_late_s`."""
        late_s = now_s - self.start_s - index / self.per_s
        return Schedule(self.start_s + late_s, self.per_s) if late_s > if_late_s else self

    def wait_s(self, index: int, now_s: float) -> float:
        """How long until chunk `index` is due; 0 when it is late."""
        return max(0.0, self.start_s + index / self.per_s - now_s)
