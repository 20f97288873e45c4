"""One request and its answer: only an answer is read, and only so much of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from yarl import URL

from agents import BackendError
from agents.backends.transport import exchange
from agents.backends.transport.exchange import WHOLE_LIMIT_BYTES, Exchange, Question, StreamRefused
from agents.backends.transport.redaction import Redaction
from tests.agents.backends.llm_server import Received
from tests.agents.backends.reply_server import Reply, replying

JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def asking(
    *replies: Reply, accepts: tuple[str, ...] = ("application/json",), **more: Any
) -> AsyncIterator[tuple[Exchange, Question]]:
    async with replying(*replies, **more) as base_url:
        asked = Exchange("mine", URL(base_url), silence_timeout_s=30)
        yield asked, Question(URL(base_url), b"{}", {"X-Mine": "1"}, accepts, Redaction(None, []))
        await asked.aclose()


async def whole(asked: Exchange, question: Question) -> bytes:
    async with asked.ask(question) as answer:
        return await asked.whole(answer)


async def test_a_whole_answer_is_read_in_one() -> None:
    received: list[Received] = []
    async with asking(Reply(200, JSON, [b'{"a"', b": 1}"]), received=received) as (asked, question):
        assert await whole(asked, question) == b'{"a": 1}'
    assert received[0].headers["X-Mine"] == "1"


@pytest.mark.parametrize("too_much", [0, 1])
async def test_a_whole_answer_has_a_most(too_much: int) -> None:
    chunks = [b"x" * 65536] * (WHOLE_LIMIT_BYTES // 65536) + [b"x"] * too_much
    async with asking(Reply(200, JSON, chunks)) as (asked, question):
        if not too_much:
            assert len(await whole(asked, question)) == WHOLE_LIMIT_BYTES
        else:
            with pytest.raises(
                BackendError, match=f"mine gave an answer of more than {WHOLE_LIMIT_BYTES} bytes"
            ):
                await whole(asked, question)


@pytest.mark.parametrize(
    ("accepts", "wanted"),
    [(("application/json",), "a whole answer"), (("text/event-stream", ""), "a stream of events")],
)
async def test_what_does_not_fit_says_what_was_wanted(accepts: tuple[str, ...], wanted: str) -> None:
    reply = Reply(200, {"Content-Type": "image/png; x=y"}, [b"<png>"])
    async with asking(reply, accepts=accepts) as (asked, question):
        with pytest.raises(BackendError) as raised:
            await whole(asked, question)
    assert str(raised.value) == f"mine answered with image/png, not with {wanted}."


async def test_only_a_400_may_refuse_to_stream() -> None:
    body = b'{"error": {"param": "stream"}}'
    async with asking(Reply(400, JSON, [body]), Reply(500, JSON, [body])) as (asked, question):
        with pytest.raises(StreamRefused):
            await whole(asked, question)
        with pytest.raises(BackendError, match="500 Internal Server Error"):
            await whole(asked, question)


async def test_the_words_of_a_refusal_are_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def begins() -> AsyncIterator[bytes]:
        yield b"Too "
        await asyncio.Event().wait()

    monkeypatch.setattr(exchange, "REFUSAL_TIMEOUT_S", 0.3)
    async with asking(Reply(429, {"Retry-After": "7"}, begins)) as (asked, question):
        with pytest.raises(BackendError, match=r"mine answered 429 Too Many Requests: Too$") as raised:
            await whole(asked, question)
    assert raised.value.retry_after_s == 7.0


async def test_an_answer_is_closed_whatever_its_reader_does() -> None:
    gone = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"{"
            await asyncio.Event().wait()
        finally:
            gone.set()

    async with asking(Reply(200, JSON, endless)) as (asked, question):
        with pytest.raises(ZeroDivisionError):
            async with asked.ask(question) as answer:
                assert await answer.read() == b"{"
                raise ZeroDivisionError
        await asyncio.wait_for(gone.wait(), 30)


async def test_it_may_be_closed_twice_and_asked_again() -> None:
    async with asking(Reply(200, JSON, [b"{}"])) as (asked, question):
        await asked.aclose()
        assert await whole(asked, question) == b"{}"
        await asked.aclose()
        await asked.aclose()
        assert await whole(asked, question) == b"{}"
