"""A server that goes away at any byte of an answer: it is never taken for a whole one."""

from collections.abc import Iterator

import pytest

from agents import BackendError, Delta, Finished
from tests.agents.backends.reply_server import Reply, replying
from tests.agents.backends.spoken import SPOKEN, TEXT, WORDS, backend_of
from tests.agents.collecting import answer, asking, text_of

JSON = {"Content-Type": "application/json"}
pytestmark = [
    pytest.mark.parametrize("kind", SPOKEN),
    pytest.mark.parametrize("cut_off", [True, False], ids=["cut off", "ended"]),
]


async def test_a_stream_that_ends_at_any_byte_is_incomplete_until_all_of_it_has_come(
    kind: str, cut_off: bool
) -> None:
    spoken = SPOKEN[kind]
    data = spoken.streamed(*WORDS)
    replies = [Reply(200, spoken.headers, [piece], cut_off) for piece in _beginnings(data)]
    async with replying(*replies) as base_url:
        backend = backend_of(kind, base_url)
        for length in range(len(data) + 1):
            seen: list[Delta] = []
            try:
                async for delta in backend.stream(asking("x")):
                    seen.append(delta)
            except BackendError as error:
                assert length < len(data), f"{error} after {length} bytes"
                assert error.code == "backend_incomplete", f"{error} after {length} bytes"
                assert not any(isinstance(delta, Finished) for delta in seen)
                assert TEXT.startswith(text_of(seen))
            else:
                assert length >= len(data) - spoken.needless, f"whole after {length} of {len(data)} bytes"
                assert text_of(seen) == TEXT
        await backend.aclose()


async def test_a_whole_answer_that_ends_at_any_byte_is_an_error(kind: str, cut_off: bool) -> None:
    whole = SPOKEN[kind].whole
    replies = [Reply(200, JSON, [piece], cut_off) for piece in _beginnings(whole)]
    async with replying(*replies) as base_url:
        backend = backend_of(kind, base_url, streams=False)
        for _ in range(len(whole)):
            with pytest.raises(BackendError) as raised:
                await answer(backend, asking("x"))
            assert raised.value.code == ("backend_incomplete" if cut_off else "backend_protocol")
        await backend.aclose()


def _beginnings(data: bytes) -> Iterator[bytes]:
    return (data[:length] for length in range(len(data) + 1))
