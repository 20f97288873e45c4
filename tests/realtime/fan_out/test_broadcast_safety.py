"""Sending to many sockets with arguments that nobody should pass: no byte leaves, and nothing leaks."""

import gc
import sys
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from realtime.fan_out.broadcast import SendMany, choose
from tests.realtime.fan_out.sockets import descriptors_of, ints, needs_native, unix_line

COLLECTS_WHILE_ALLOCATING = sys.version_info < (3, 12)


@pytest.mark.parametrize("slot", [2, 3, -1, -2, 2**31 - 1, -(2**31)])
def test_an_unknown_slot_is_refused_before_anything_is_sent(send_many: SendMany, slot: int) -> None:
    line = unix_line()
    descriptors = ints(line.descriptor, line.descriptor)
    with pytest.raises(IndexError, match=f"slot {slot} is not one of the 2 that there are"):
        send_many(descriptors, [(ints(0), b"x"), (ints(0, slot, 1), b"x")])
    assert line.everything() == b""
    line.close()


GOOD = (ints(0), b"x")
WRONG: list[tuple[Any, Any]] = [
    ([1], []),
    (None, []),
    (b"1234", []),
    (array("l", [1]), []),
    (array("I", [1]), []),
    (array("b", [1]), []),
    (ints(1), None),
    (ints(1), (GOOD,)),
    (ints(1), [None]),
    (ints(1), [list(GOOD)]),
    (ints(1), [(ints(0),)]),
    (ints(1), [(*GOOD, 1)]),
    (ints(1), [([0], b"x")]),
    (ints(1), [(array("q", [0]), b"x")]),
    (ints(1), [(ints(0), "x")]),
    (ints(1), [(ints(0), bytearray(b"x"))]),
    (ints(1), [(ints(0), None)]),
]


@pytest.mark.parametrize(("descriptors", "batches"), WRONG)
def test_a_wrong_type_is_refused_before_anything_is_sent(
    send_many: SendMany, descriptors: Any, batches: Any
) -> None:
    line = unix_line()
    if isinstance(descriptors, array) and isinstance(batches, list):
        descriptors[0] = line.descriptor if descriptors.typecode == "i" else 1
        batches = [GOOD, *batches, *([GOOD] if batches else [])]
    with pytest.raises(TypeError):
        send_many(descriptors, batches)
    assert line.everything() == b""
    line.close()


def test_a_wrong_number_of_arguments_is_refused(send_many: Any) -> None:
    wrong: list[list[object]] = [[], [ints()], [ints(), [], []]]
    for arguments in wrong:
        with pytest.raises(TypeError):
            send_many(*arguments)


class Meddler:
    """Garbage in a cycle, which changes the arrays as soon as it is collected."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self._meddle = meddle
        self._cycle = self

    def __del__(self) -> None:
        self._meddle()


@needs_native
def test_arrays_that_change_meanwhile_are_not_read_outside() -> None:
    """A result may set off the garbage collector, and that may run any code."""
    slots = ints(*range(10_000))
    batches = [(slots, b"x")]

    def meddle() -> None:
        slots[-1] = 2**31 - 1
        batches.clear()

    before = gc.get_threshold()
    gc.collect()
    Meddler(meddle)
    gc.set_threshold(1000)
    unfinished = choose(native=True)(ints(*[-1] * 10_000), batches)
    gc.set_threshold(*before)
    assert len(unfinished) == 10_000
    assert all(written == 0 for _, _, written in unfinished)
    assert (unfinished[-1][1] == 2**31 - 1) == COLLECTS_WHILE_ALLOCATING


def test_nothing_is_kept_whatever_the_outcome(send_many: SendMany) -> None:
    line, gone = unix_line(), unix_line()
    gone.hang_up()
    data, slots = b"x" * 300, ints(0, 1, 2)
    descriptors = descriptors_of(line, gone)
    batch, beyond = (ints(0, 1), data), (slots, data)
    calls: list[Any] = [[batch], [batch, beyond], [batch, (slots, "x")], [batch, batch, None], batch]

    def call_all(times: int) -> None:
        for _ in range(times):
            for batches in calls:
                descriptors[0], descriptors[1] = line.descriptor, gone.descriptor
                try:
                    send_many(descriptors, batches)
                except (TypeError, IndexError):
                    continue
            line.read(len(data))

    held = (data, slots, descriptors, batch, beyond, batch[0], calls[0])
    call_all(1000)
    references, blocks = [sys.getrefcount(one) for one in held], sys.getallocatedblocks()
    call_all(2000)
    assert [sys.getrefcount(one) for one in held] == references
    assert sys.getallocatedblocks() - blocks < 200
    # An export that was not given back would refuse these.
    slots.append(0)
    descriptors.append(0)
    line.close()
    gone.close()
