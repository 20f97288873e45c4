"""The contract of `Backend`, run over every implementation; a new one adds a subject here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest

from agents import (
    AnthropicMessages,
    Backend,
    BackendError,
    ChatRequest,
    Finished,
    Ollama,
    OpenAIChat,
    OpenAIResponses,
    Scripted,
    SSEGateway,
    TextDelta,
    entries,
)
from tests.agents.backends import anthropic_bytes, ollama_lines, responses_bytes
from tests.agents.backends.chat_bytes import DONE, chunk, event, whole
from tests.agents.backends.llm_server import aimock_process, byte_server, refuses, says
from tests.agents.collecting import answer, asking, end_of, named, text_of
from tests.waiting import eventually

ANSWER = "1 2 3 4 5 6 7 8 9 10 11 12"
WORDS = [" " * (number > 1) + str(number) for number in range(1, 13)]


class Subject(msgspec.Struct, frozen=True):
    """A backend, a request that it answers with `ANSWER`, and one that it refuses."""

    backend: Backend
    good: ChatRequest
    bad: ChatRequest


MakeSubject = Callable[[str], AbstractAsyncContextManager[Subject]]


@asynccontextmanager
async def scripted(_: str) -> AsyncIterator[Subject]:
    yield Subject(Scripted(), asking("x", model="count-12@1000"), asking("x", model="nothing"))


@asynccontextmanager
async def openai_at_aimock(url: str) -> AsyncIterator[Subject]:
    yield Subject(OpenAIChat(url, api_key="sk-test", model="m"), asking("count"), asking("forbidden"))


@asynccontextmanager
async def openai_at_bytes(_: str) -> AsyncIterator[Subject]:
    async with byte_server(chunks=[*map(chunk, WORDS), whole()]) as url:
        bad = asking("\ud83c")
        yield Subject(OpenAIChat(url, model="m"), asking("x"), bad)


@asynccontextmanager
async def ollama_at_aimock(url: str) -> AsyncIterator[Subject]:
    root = url.removesuffix("/v1")
    yield Subject(Ollama(root, model="m"), asking("count"), asking("forbidden"))


@asynccontextmanager
async def sse_at_bytes(_: str) -> AsyncIterator[Subject]:
    words = [event({"text": word}) for word in WORDS]
    counts = event({"usage": {"prompt_tokens": 3, "completion_tokens": 12}})
    async with byte_server(chunks=[*words, counts, DONE]) as url:
        yield Subject(SSEGateway(url, model="m"), asking("x"), asking("\ud83c"))


@asynccontextmanager
async def ollama_at_bytes(_: str) -> AsyncIterator[Subject]:
    async with byte_server(200, ollama_lines.HEADERS, [ollama_lines.whole(*WORDS)]) as url:
        yield Subject(Ollama(url, model="m"), asking("x"), asking("\ud83c"))


@asynccontextmanager
async def anthropic_at_aimock(url: str) -> AsyncIterator[Subject]:
    yield Subject(AnthropicMessages(url, api_key="sk-test", model="m"), asking("count"), asking("forbidden"))


@asynccontextmanager
async def anthropic_at_bytes(_: str) -> AsyncIterator[Subject]:
    async with byte_server(chunks=[anthropic_bytes.whole(*WORDS)]) as url:
        yield Subject(AnthropicMessages(url, model="m"), asking("x"), asking("\ud83c"))


@asynccontextmanager
async def responses_at_aimock(url: str) -> AsyncIterator[Subject]:
    yield Subject(OpenAIResponses(url, api_key="sk-test", model="m"), asking("count"), asking("forbidden"))


@asynccontextmanager
async def responses_at_bytes(_: str) -> AsyncIterator[Subject]:
    async with byte_server(chunks=[responses_bytes.whole(*WORDS)]) as url:
        yield Subject(OpenAIResponses(url, model="m"), asking("x"), asking("\ud83c"))


@pytest.fixture(scope="module")
def aimock_url() -> Iterator[str]:
    fixtures = [says("count", ANSWER, chunkSize=3), refuses("forbidden", 400, "I will not.")]
    with aimock_process(fixtures) as url:
        yield url


SUBJECTS: list[MakeSubject] = [
    scripted,
    openai_at_aimock,
    openai_at_bytes,
    anthropic_at_aimock,
    anthropic_at_bytes,
    responses_at_aimock,
    responses_at_bytes,
    ollama_at_aimock,
    ollama_at_bytes,
    sse_at_bytes,
]


@pytest.fixture(params=SUBJECTS, ids=lambda make: make.__name__)
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    make: MakeSubject = request.param
    url = request.getfixturevalue("aimock_url") if make.__name__.endswith("_at_aimock") else ""
    async with make(url) as made:
        yield made
        await made.backend.aclose()


def test_it_says_what_it_is(subject: Subject) -> None:
    (entry,) = entries(named([subject.backend]))
    assert entry.name
    assert entry.kind
    assert entry.description
    assert all(isinstance(model, str) for model in entry.models)


async def test_text_comes_in_pieces_and_then_one_end(subject: Subject) -> None:
    deltas = await answer(subject.backend, subject.good)
    assert text_of(deltas) == ANSWER
    assert len(deltas) > 3
    assert all(isinstance(delta, TextDelta) and delta.text for delta in deltas[:-1])


async def test_the_end_gives_reason_and_usage(subject: Subject) -> None:
    end = end_of(await answer(subject.backend, subject.good))
    assert end.reason == "stop"
    assert end.usage is not None
    assert end.usage.input_tokens is not None
    assert end.usage.output_tokens is not None
    assert end.usage.estimated == (subject.backend.kind == "scripted")


async def test_the_same_request_gets_the_same_answer_again(subject: Subject) -> None:
    first, second = [await answer(subject.backend, subject.good) for _ in range(2)]
    assert text_of(first) == text_of(second)


async def test_many_answers_at_once_do_not_mix(subject: Subject) -> None:
    answers = await asyncio.gather(*(answer(subject.backend, subject.good) for _ in range(20)))
    assert {text_of(deltas) for deltas in answers} == {ANSWER}


async def test_an_iterator_that_is_closed_early_leaves_the_backend_usable(subject: Subject) -> None:
    deltas = subject.backend.stream(subject.good)
    assert isinstance(await anext(deltas), TextDelta)
    await deltas.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(deltas)
    assert text_of(await answer(subject.backend, subject.good)) == ANSWER


async def test_an_iterator_that_was_never_begun_can_be_closed(subject: Subject) -> None:
    await subject.backend.stream(subject.good).aclose()


async def test_cancelling_ends_the_answer(subject: Subject) -> None:
    begun: list[Any] = []

    async def read() -> None:
        async for delta in subject.backend.stream(subject.good):
            begun.append(delta)
            await asyncio.Event().wait()

    reading = asyncio.create_task(read())
    await eventually(lambda: begun)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert text_of(await answer(subject.backend, subject.good)) == ANSWER


async def test_a_refusal_is_an_error_of_the_tree_and_no_end(subject: Subject) -> None:
    seen: list[Any] = []
    with pytest.raises(BackendError) as raised:
        async for delta in subject.backend.stream(subject.bad):
            seen.append(delta)
    assert raised.value.code == "backend_rejected"
    assert not raised.value.retryable
    assert str(raised.value)
    assert not any(isinstance(delta, Finished) for delta in seen)


async def test_it_may_be_closed_twice_and_before_its_first_use(subject: Subject) -> None:
    await subject.backend.aclose()
    await subject.backend.aclose()
