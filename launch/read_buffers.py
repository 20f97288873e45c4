"""Keeps the reading of many sockets from asking the kernel for memory each time."""

from typing import Final

_LARGER_BYTES: Final = 1024 * 1024


def keep_read_buffers() -> None:
    """Let reads of asyncio's sockets take their buffers from the process. Costs nothing to repeat.

    asyncio offers 256 KiB to every read, of which a token fills a few hundred bytes. The C library maps and
    unmaps a block of that size each time, three times the work of the read itself, until it sees a larger
    one freed (mallopt(3), M_MMAP_THRESHOLD). Where it does not work like that, nothing changes.
    """
    bytes(_LARGER_BYTES)
