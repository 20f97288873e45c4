"""A follower: one subscription of one connection, a cursor into a job's log."""

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING

from realtime.fan_out.cursor import Position
from shared_events.checkpoint import Snapshot

if TYPE_CHECKING:
    from realtime.fan_out.feed import Feed
    from realtime.fan_out.outlet import Outlet


class Follower:
    """Live followers stand where their feed does; `position` is that of one that is not."""

    __slots__ = ("awaits", "feed", "hidden", "index", "outlet", "position")

    def __init__(self, feed: "Feed", outlet: "Outlet", position: Position) -> None:
        self.feed = feed
        self.outlet = outlet
        self.position = position
        self.awaits: Snapshot | None = None
        """A snapshot that it has yet to be shown, whatever its position."""
        self.hidden = False
        """Whether its page is not looked at: it gets what has come once a second."""
        self.index = -1
        """Its place among the live ones; -1 for none."""

    @property
    def live(self) -> bool:
        return self.index >= 0


class LiveSet:
    """The live followers of a feed, and the slots of their connections, for sending to all at once."""

    __slots__ = ("_followers", "slots")

    def __init__(self) -> None:
        self._followers: list[Follower] = []
        self.slots: array[int] = array("i")

    def __len__(self) -> int:
        return len(self._followers)

    def __iter__(self) -> Iterator[Follower]:
        return iter(list(self._followers))

    def add(self, follower: Follower) -> None:
        follower.index = len(self._followers)
        self._followers.append(follower)
        self.slots.append(follower.outlet.slot)

    def remove(self, follower: Follower) -> None:
        """The last one takes its place."""
        last, slot = self._followers.pop(), self.slots.pop()
        if last is not follower:
            last.index = follower.index
            self._followers[last.index] = last
            self.slots[last.index] = slot
        follower.index = -1
