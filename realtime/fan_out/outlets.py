"""All connections of a node: a slot for each, and what is due to them in this tick of the loop."""

import asyncio
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from realtime.fan_out.outlet import Outlet


class Outlets:
    """`descriptors[slot]` may be written to by whoever sends to many; -1: only its outlet may write."""

    def __init__(self) -> None:
        self.descriptors: array[int] = array("i")
        self._outlets: list[Outlet | None] = []
        self._free: list[int] = []
        self._due: list[Outlet] = []
        self._soon: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._outlets) - len(self._free)

    def __getitem__(self, slot: int) -> "Outlet":
        outlet = self._outlets[slot]
        assert outlet is not None
        return outlet

    @property
    def open(self) -> "list[Outlet]":
        return [outlet for outlet in self._outlets if outlet is not None]

    @property
    def unsent(self) -> int:
        """Bytes that all connections have yet to take."""
        return sum(outlet.unsent for outlet in self.open)

    @property
    def most_unsent(self) -> int:
        """Bytes that the slowest connection has yet to take."""
        return max((outlet.unsent for outlet in self.open), default=0)

    def add(self, outlet: "Outlet") -> int:
        """Its slot."""
        if self._free:
            slot = self._free.pop()
            self._outlets[slot] = outlet
            return slot
        self._outlets.append(outlet)
        self.descriptors.append(-1)
        return len(self._outlets) - 1

    def remove(self, outlet: "Outlet") -> None:
        """The slot is given to another: nobody may know it any more."""
        assert not outlet.followed, "a follower would go on with another connection's slot"
        self._outlets[outlet.slot] = None
        self.descriptors[outlet.slot] = -1
        self._free.append(outlet.slot)

    def soon(self, outlet: "Outlet") -> None:
        """Have `outlet` flushed at the end of this tick, or with the next flush of job events."""
        self._due.append(outlet)
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what is due."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        due, self._due = self._due, []
        for outlet in due:
            outlet.flush()
