"""Frames, whole and cut anywhere; aiohttp's own server is the other side in `test_bench`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.websocket import TEXT, Frame, client_frame, split_frames

PAYLOADS = st.lists(st.binary(max_size=300) | st.just(b"x" * 70_000), max_size=5)


def server_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return bytes((0x81, 126)) + size.to_bytes(2) + payload
    return bytes((0x81, 127)) + size.to_bytes(8) + payload


@given(PAYLOADS, st.data())
def test_frames_cut_anywhere_are_found_whole(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(server_frame, payloads))
    cut = data.draw(st.integers(0, len(stream)))
    first, rest = split_frames(stream[:cut])
    second, rest = split_frames(rest + stream[cut:])
    assert [*first, *second] == [Frame(TEXT, payload) for payload in payloads]
    assert rest == b""


def test_a_clients_frame_is_masked() -> None:
    assert client_frame(b"40") == b"\x81\x82\0\0\0\x0040"


def test_a_clients_frame_has_125_bytes_at_most() -> None:
    with pytest.raises(AssertionError):
        client_frame(b"x" * 126)
