"""A connection whose sent events can be looked at: one that polls, so that they wait until they are read."""

from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets


class Browser:
    """`outlet` is its way out of the node."""

    def __init__(self, outlets: Outlets) -> None:
        self.outlet = Outlet(outlets)

    def read(self, most: int = 1_000_000) -> list[bytes]:
        """The encoded events that wait; reading makes room for more, which is not returned."""
        return [packet[2:].encode() for packet in self.outlet.take(most)]
