"""What all readers of a model server's streams are asked, and have to give."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec

from bench.paced_text import text_of
from bench.wire_formats import ASKED_TOKENS

MODEL: Final = "any"
KEY: Final = "sk-bench"
MOST_TOKENS: Final = 100_000
TIMEOUT_S: Final = 60.0


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `reason` is `stop` where the model had said all, whatever that is called."""

    text: str
    reason: str | None
    input_tokens: int | None
    output_tokens: int | None


Ask: TypeAlias = Callable[[str], Awaitable[Answer]]
"""Reads the answer to a prompt, piece by piece."""


def prompt_for(stream: int, tokens: int) -> str:
    """As the paced server understands it."""
    return f"stream {stream} of {tokens}"


def expected(stream: int, tokens: int) -> Answer:
    return Answer(text_of(stream, tokens), "stop", ASKED_TOKENS, tokens)
