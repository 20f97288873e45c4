"""Large messages in fragments, small ones together: what a client puts together is what was said."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from realtime.fan_out.batch import Batch
from realtime.fan_out.framing import parts, text_message

MOST = 200
texts = st.lists(st.one_of(st.binary(max_size=60), st.binary(min_size=100, max_size=1000)), max_size=12)


def read(data: bytes) -> list[bytes]:
    """The messages in `data`, put together as RFC 6455 says; each must be whole."""
    found: list[bytes] = []
    message: bytes | None = None
    while data:
        first, length, begin = data[0], data[1], 2
        if length >= 126:
            begin = 4 if length == 126 else 10
            length = int.from_bytes(data[2:begin], "big")
        assert (first & 0x0F) == (1 if message is None else 0)
        message = (message or b"") + data[begin : begin + length]
        data = data[begin + length :]
        if first & 0x80:
            found.append(message)
            message = None
    assert message is None
    return found


@given(texts)
def test_parts_are_the_messages_and_none_is_much_larger_than_asked(said: list[bytes]) -> None:
    found = parts(b"".join(map(text_message, said)), MOST)
    assert read(b"".join(found)) == said
    assert all(0 < len(part) <= MOST + 10 for part in found)


def test_a_compressed_message_says_so_in_its_first_fragment_only() -> None:
    event = b'["job:snapshot",{"text":"' + bytes(n % 64 + 32 for n in range(300_000)) + b'"}]'
    batch = Batch([event])
    first, *rest = parts(batch.deflated, MOST)
    assert first[0] == 0x41
    assert [part[0] for part in rest] == [0] * (len(rest) - 1) + [0x80]
    inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
        read(b"".join([first, *rest]))[0] + b"\0\0\xff\xff"
    )
    assert inflated == b"42" + event


def test_all_who_wait_for_a_large_batch_share_its_parts() -> None:
    batch = Batch([b"x" * 1_000_000])
    assert batch.parts(deflated=False) is batch.parts(deflated=False)
    assert len(batch.parts(deflated=False)) == 16
