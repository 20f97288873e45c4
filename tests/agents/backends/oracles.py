"""What every official SDK is asked, and what is compared: all that a client reads of an answer."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from agents import Backend
from agents.backends.protocol import ToolCall
from agents.surrogates import well_formed
from tests.agents.backends.dialects.reading_cases import Outcome, told
from tests.agents.backends.llm_server import refuses
from tests.agents.collecting import answer, asking, end_of, text_of

TEXTS = {
    "plain": "Hello! How can I help you today?",
    "unicode": "Grüße, 水, 👩‍🚀🌱 — naïve façade\n\n```python\nprint('ü')\n```\u2028end\u0085.",
    "json-like": 'data: [DONE]\n\n{"error": {"message": "not an error"}}\n\nevent: error',
    "long": "The quick brown fox jumps over the lazy dog 🦊. " * 100,
}
SIZES = (1, 2, 3, 20)
"""UTF-16 units in a piece: some cut a pair of surrogates."""
PROMPTS = [f"{name} in {size}" for name in TEXTS for size in SIZES]
_USAGE = {"input_tokens": 12, "output_tokens": 34}
_CALLS = [
    {"id": "call_1", "name": "weather", "arguments": '{"city":"Zürich 🌱","days":[1,2.5,null]}'},
    {"id": "call_2", "name": "time", "arguments": "{}"},
]


class Refusal(msgspec.Struct, frozen=True):
    """A prompt that is refused, how, and which error that is."""

    prompt: str
    status: int
    words: str
    type: str
    code: str
    retryable: bool


REFUSALS = [
    Refusal("too many", 429, "Slow down", "rate_limit_error", "backend_rate_limited", True),
    Refusal("too busy", 529, "Overloaded", "overloaded_error", "backend_unavailable", True),
    Refusal("bad key", 401, "No such key", "authentication_error", "backend_auth", False),
]


def _said(prompt: str, size: int, **response: Any) -> dict[str, Any]:
    return {"match": {"userMessage": prompt}, "response": {"usage": _USAGE, **response}, "chunkSize": size}


FIXTURES: list[dict[str, Any]] = [
    *(_said(f"{name} in {size}", size, content=text) for name, text in TEXTS.items() for size in SIZES),
    _said("think first", 3, content="Forty-two.", reasoning="Let me think 🤔 about it."),
    _said("call tools", 4, toolCalls=_CALLS),
    _said("say and call", 4, content="I look.", toolCalls=_CALLS),
    _said("at length", 3, content="One two", finishReason="length"),
    {**_said("broken off", 5, content="word " * 50), "latency": 2, "truncateAfterChunks": 12},
    {**_said("cut by the clock", 5, content="word " * 500), "latency": 5, "disconnectAfterMs": 100},
    *(refuses(each.prompt, each.status, each.words, type=each.type) for each in REFUSALS),
]


async def read_by_us(backend: Backend, prompt: str) -> Outcome:
    """What ours reads; closes `backend`. Raises `BackendError`."""
    try:
        deltas = await answer(backend, asking(prompt))
    finally:
        await backend.aclose()
    outcome = told(deltas, end_of(deltas))
    outcome.calls = tuple(same_calls(outcome.calls))
    return outcome


async def two_hundred_at_once_do_not_mix(backend: Backend) -> None:
    """Asserts it of a backend at aimock, and closes it."""
    prompts = [PROMPTS[number % len(PROMPTS)] for number in range(200)]
    answers = await asyncio.gather(*(answer(backend, asking(prompt)) for prompt in prompts))
    await backend.aclose()
    for prompt, deltas in zip(prompts, answers, strict=True):
        assert well_formed(text_of(deltas)) == expected(prompt)


def expected(prompt: str) -> str:
    """The text of the answer to one of `PROMPTS`."""
    return TEXTS[prompt.partition(" in ")[0]]


def same_calls(calls: Iterable[ToolCall]) -> Iterable[ToolCall]:
    """`calls` with their arguments in one form: no SDK keeps the white space of all of them."""
    for call in calls:
        given = msgspec.json.decode(call.arguments or "{}")
        yield ToolCall(call.id, call.name, msgspec.json.encode(given).decode())
