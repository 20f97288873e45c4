"""Compression that all followers share: whatever a client has had before, it gets the same texts."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from realtime.fan_out.batch import Batch
from realtime.fan_out.deflate import LEAST_BYTES, deflated

EVENT = b'["model:chunk",{"jobId":"0123456789abcdefghij","chunk":" token","sequence":%d,"timestamp":1760}]'
payloads = st.lists(
    st.one_of(st.binary(max_size=300), st.sampled_from([EVENT, b"", b"x" * 70_000])), max_size=8
)


class Client:
    """Takes websocket messages apart as a browser does that has agreed to permessage-deflate."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)

    def read(self, messages: bytes) -> list[bytes]:
        texts = []
        while messages:
            first, length, begin = messages[0], messages[1], 2
            if length >= 126:
                begin = 4 if length == 126 else 10
                length = int.from_bytes(messages[2:begin], "big")
            data, messages = messages[begin : begin + length], messages[begin + length :]
            texts.append(self._inflater.decompress(data + b"\x00\x00\xff\xff") if first & 0x40 else data)
        return texts


@given(st.lists(st.tuples(payloads, st.booleans()), max_size=6))
def test_each_client_reads_every_batch_whatever_it_has_had_before(
    batches: list[tuple[list[bytes], bool]],
) -> None:
    always, sometimes = Client(), Client()
    for texts, both in batches:
        messages = deflated(texts)
        assert always.read(messages) == texts
        if both:
            assert sometimes.read(messages) == texts


def test_sixteen_chunks_take_less_than_a_third() -> None:
    batch = Batch([EVENT % n for n in range(16)])
    assert len(batch.deflated) < len(batch.messages) / 3


def test_a_small_batch_goes_out_plain() -> None:
    batch = Batch([EVENT % 1])
    assert batch.size < LEAST_BYTES
    assert batch.deflated == batch.messages
    assert Client().read(batch.deflated) == [b"42" + EVENT % 1]
