"""Backends and models that cannot stream: a whole answer is asked for, and given on in pieces."""

import pytest

from agents import BackendError, Delta, Finished
from agents.backends.http_backend import HTTPBackend
from tests.agents.backends.llm_server import Received
from tests.agents.backends.reply_server import Reply, replying
from tests.agents.backends.spoken import SPOKEN, TEXT, WORDS, backend_of
from tests.agents.collecting import asking, end_of, text_of

JSON = {"Content-Type": "application/json"}
NO_STREAM = Reply(400, JSON, [b'{"error": {"message": "Not so.", "param": "stream"}}'])
NO_STREAM_IN_WORDS = Reply(400, JSON, [b'{"error": "This model does not support streaming."}'])


def whole(kind: str) -> Reply:
    return Reply(200, JSON, [SPOKEN[kind].whole])


def asks_for_stream(request: Received) -> bool:
    return bool(request.body.get("stream"))


async def assert_in_pieces(backend: HTTPBackend, model: str | None = None) -> None:
    deltas = [delta async for delta in backend.stream(asking("x", model=model))]
    assert (text_of(deltas), end_of(deltas).reason) == (TEXT, "stop")
    assert len(deltas) > 2


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_backend_that_does_not_stream_asks_for_whole_answers(kind: str) -> None:
    received: list[Received] = []
    async with replying(whole(kind), received=received) as base_url:
        backend = backend_of(kind, base_url, streams=False)
        await assert_in_pieces(backend)
        await backend.aclose()
    (request,) = received
    assert not asks_for_stream(request)
    assert request.headers["Accept"] == "application/json"


@pytest.mark.parametrize("refusal", [NO_STREAM, NO_STREAM_IN_WORDS], ids=["param", "words"])
@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_model_that_refuses_to_stream_is_asked_again_and_remembered(
    kind: str, refusal: Reply
) -> None:
    received: list[Received] = []
    async with replying(refusal, whole(kind), received=received) as base_url:
        backend = backend_of(kind, base_url)
        await assert_in_pieces(backend)
        await assert_in_pieces(backend)
        await assert_in_pieces(backend, model="another")
        await backend.aclose()
    assert [asks_for_stream(request) for request in received] == [True, False, False, True]


@pytest.mark.parametrize("kind", SPOKEN)
async def test_json_for_a_stream_is_taken_as_a_whole_answer(kind: str) -> None:
    async with replying(whole(kind)) as base_url:
        backend = backend_of(kind, base_url)
        await assert_in_pieces(backend)
        await backend.aclose()


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_stream_for_a_whole_answer_is_an_error(kind: str) -> None:
    spoken = SPOKEN[kind]
    async with replying(Reply(200, spoken.headers, [spoken.streamed(*WORDS)])) as base_url:
        backend = backend_of(kind, base_url, streams=False)
        with pytest.raises(
            BackendError, match=f"with {spoken.media_type}, not with a whole answer"
        ) as raised:
            await assert_in_pieces(backend)
        await backend.aclose()
    assert raised.value.code == "backend_protocol"


async def test_a_model_that_refuses_to_stream_a_whole_answer_is_not_asked_for_ever() -> None:
    received: list[Received] = []
    async with replying(NO_STREAM, received=received) as base_url:
        backend = backend_of("openai", base_url)
        with pytest.raises(BackendError, match="though it was not asked to") as raised:
            await assert_in_pieces(backend)
        await backend.aclose()
    assert raised.value.code == "backend_rejected"
    assert len(received) == 2


async def test_another_refusal_is_not_asked_again() -> None:
    received: list[Received] = []
    async with replying(Reply(400, JSON, [b'{"error": "No such model."}']), received=received) as base_url:
        backend = backend_of("openai", base_url)
        with pytest.raises(BackendError, match=r"No such model\."):
            await assert_in_pieces(backend)
        await backend.aclose()
    assert len(received) == 1


async def test_only_so_many_models_are_remembered() -> None:
    received: list[Received] = []
    empty = Reply(200, JSON, [b'{"choices": [{"message": {"content": ""}}]}'])
    async with replying(*[NO_STREAM, empty] * 102, received=received) as base_url:
        backend = backend_of("openai", base_url)
        for number in [*range(101), 100]:
            deltas: list[Delta] = [
                delta async for delta in backend.stream(asking("x", model=f"model {number}", max_tokens=1))
            ]
            assert isinstance(deltas[-1], Finished)
        await backend.aclose()
    assert len(received) == 2 * 102


async def test_an_iterator_closed_between_pieces_leaves_the_backend_usable() -> None:
    async with replying(whole("openai")) as base_url:
        backend = backend_of("openai", base_url, streams=False)
        deltas = backend.stream(asking("x"))
        assert text_of([await anext(deltas)]) == "Hello"
        await deltas.aclose()
        await assert_in_pieces(backend)
        await backend.aclose()
