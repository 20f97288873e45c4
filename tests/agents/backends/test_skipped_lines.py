"""Malformed lines of a gateway: passed over, and told once in the log, without a word of them."""

from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from agents import BackendError, Delta, SSEGateway
from tests.agents.backends.chat_bytes import DONE, event
from tests.agents.backends.llm_server import byte_server
from tests.agents.collecting import asking, text_of

BAD = b"data: my secret\n\n"
A, B = event({"text": "a"}), event({"text": "b"})
TOLD = {"event": "lines_skipped", "log_level": "warning", "backend": "sse", "lines": 2}


class Read(msgspec.Struct, frozen=True):
    """The text of an answer, the code of its error, and what was logged."""

    text: str
    code: str | None
    logged: list[Any]


async def read(*chunks: bytes, cut_off: bool = False) -> Read:
    seen: list[Delta] = []
    code = None
    with capture_logs() as logged:
        async with byte_server(chunks=chunks, cut_off=cut_off) as base_url:
            backend = SSEGateway(base_url, model="m")
            try:
                async for delta in backend.stream(asking("x")):
                    seen.append(delta)
            except BackendError as error:
                code = error.code
            await backend.aclose()
    return Read(text_of(seen), code, logged)


async def test_they_are_told_once_at_the_end() -> None:
    assert await read(A, BAD, B, BAD, DONE) == Read("ab", None, [TOLD])


async def test_an_answer_without_them_is_not_told() -> None:
    assert await read(A, DONE) == Read("a", None, [])


@pytest.mark.parametrize("cut_off", [True, False])
async def test_they_are_told_also_of_an_answer_that_fails(cut_off: bool) -> None:
    assert await read(A, BAD, BAD, cut_off=cut_off) == Read("a", "backend_incomplete", [TOLD])
    assert await read(BAD, BAD) == Read("", "backend_protocol", [TOLD])
