"""All outlets of a node: their slots, and what is due to them."""

import asyncio

import pytest

from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from tests.realtime.fan_out.lines import Lines


async def test_a_slot_is_given_to_the_next_and_nothing_of_the_last_is_left() -> None:
    outlets, lines = Outlets(), Lines()
    first, second = Outlet(outlets), Outlet(outlets)
    first.open_socket(lines.open(lambda: None), 7)
    first.send("2")
    first.close()
    heir = Outlet(outlets)
    assert heir.slot == first.slot
    assert outlets[heir.slot] is heir
    assert outlets.open == [heir, second]
    await asyncio.sleep(0)
    assert outlets.descriptors[heir.slot] == -1
    assert (len(outlets), outlets.unsent) == (2, 0)


async def test_what_is_due_is_written_once_however_it_is_asked_for() -> None:
    outlets, lines = Outlets(), Lines()
    outlet, transport = Outlet(outlets), lines.open(lambda: None)
    outlet.open_socket(transport, 7)
    outlet.send("2")
    assert outlets.unsent == 3
    outlets.flush()
    await asyncio.sleep(0)
    assert (bytes(transport.received), outlets.unsent) == (b"\x81\x012", 0)


async def test_an_outlet_that_still_follows_keeps_its_slot() -> None:
    outlets = Outlets()
    outlet = Outlet(outlets)
    outlet.followed["job"] = None  # type: ignore[index,assignment]
    with pytest.raises(AssertionError, match="another connection's slot"):
        outlets.remove(outlet)
