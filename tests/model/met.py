"""What the runs have met, and how often they must: a property that met nothing proves nothing."""

from collections import Counter
from collections.abc import Mapping


class Met(Counter[str]):
    """Counts by name."""

    def note(self, name: str, times: int = 1) -> None:
        self[name] += times

    def short_of(self, floors: Mapping[str, int]) -> dict[str, tuple[int, int]]:
        """The floors that were not reached: what was met, and what should have been."""
        return {name: (self[name], floor) for name, floor in floors.items() if self[name] < floor}
