"""The innermost loop of the fan-out: the same bytes to many sockets, in C where that could be built.

Both ways give the same answers: every test of tests/realtime/fan_out/test_broadcast.py runs over both.
"""

import os
from array import array
from collections.abc import Callable
from typing import Final, TypeAlias, cast

try:
    import _jobcast_broadcast as _native
except ImportError:
    _native = None

Slots: TypeAlias = "array[int]"
"""An `array("i")` of connection slots."""
Descriptors: TypeAlias = "array[int]"
"""An `array("i")` with an entry for each slot: its socket, or -1 where nothing may be written directly."""
Batch: TypeAlias = tuple[Slots, bytes]
Unfinished: TypeAlias = tuple[int, int, int]
"""The index of a batch, a slot, and how many bytes that took; a negative `errno` when it failed."""
SendMany: TypeAlias = Callable[[Descriptors, list[Batch]], list[Unfinished]]

NATIVE_AVAILABLE: Final = _native is not None


def choose(*, native: bool) -> SendMany:
    """`send_many` in C if it was built and `native` wants it, else in Python."""
    return cast("SendMany", _native.send_many) if native and _native else send_many


def send_many(descriptors: Descriptors, batches: list[Batch]) -> list[Unfinished]:
    """Write the bytes of each batch to its slots, in order and without waiting; the sockets must not block.

    Returns who did not take all, in order. Such a slot's descriptor becomes -1 at once, so that nothing
    overtakes the rest of its bytes: whatever else was for it is returned with 0 written.
    Raises `TypeError`, or `IndexError` for a slot that there is not, before anything is written.
    """
    return send_by(_write, descriptors, batches)


def send_by(
    write: Callable[[int, bytes], int], descriptors: Descriptors, batches: list[Batch]
) -> list[Unfinished]:
    """As `send_many`; `write(descriptor, data)` tells how many bytes were taken, or a negative `errno`."""
    _check(descriptors, batches)
    unfinished: list[Unfinished] = []
    for index, (slots, data) in enumerate(batches):
        for slot in slots:
            written = write(descriptors[slot], data)
            if written < len(data):
                descriptors[slot] = -1
                unfinished.append((index, slot, written))
    return unfinished


def _write(descriptor: int, data: bytes) -> int:
    if descriptor < 0:
        return 0
    try:
        return os.write(descriptor, data)
    except BlockingIOError:
        return 0
    except OSError as error:
        return -(error.errno or 0)


def _check(descriptors: Descriptors, batches: list[Batch]) -> None:
    if not isinstance(batches, list):
        raise TypeError("send_many takes descriptors and a list of batches")
    _check_ints(descriptors)
    for batch in batches:
        if not isinstance(batch, tuple) or len(batch) != 2 or not isinstance(batch[1], bytes):
            raise TypeError("a batch must be a tuple of slots and bytes")
        _check_ints(batch[0])
        _check_range(batch[0], len(descriptors))


def _check_ints(ints: Slots) -> None:
    if not isinstance(ints, array) or ints.typecode != "i":
        raise TypeError("descriptors and slots must each be an array('i')")


def _check_range(slots: Slots, count: int) -> None:
    # `min` and `max` are several times quicker than a look at each.
    if slots and not 0 <= min(slots) <= max(slots) < count:
        wrong = next(slot for slot in slots if not 0 <= slot < count)
        raise IndexError(f"slot {wrong} is not one of the {count} that there are")
