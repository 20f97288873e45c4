"""Requests: what an author may pass to `stream`."""

from typing import Any

import pytest

from agents import ChatMessage, ChatRequest
from agents.chat_request import chat_request

NO_OPTIONS: dict[str, Any] = {"model": None, "max_tokens": None, "temperature": None}


def test_a_string_is_a_prompt() -> None:
    assert chat_request("Hi", **NO_OPTIONS) == ChatRequest((ChatMessage("user", "Hi"),))


def test_a_conversation_is_made_of_messages_or_dicts() -> None:
    request = chat_request(
        [ChatMessage("system", "Be brief."), {"role": "user", "content": "Hi"}],
        model="m",
        max_tokens=5,
        temperature=0.5,
    )
    messages = (ChatMessage("system", "Be brief."), ChatMessage("user", "Hi"))
    assert request == ChatRequest(messages, "m", 5, 0.5)


@pytest.mark.parametrize(
    ("messages", "options", "reason"),
    [
        ([], {}, "length >= 1"),
        (None, {}, "messages"),
        ([{"role": "robot", "content": "x"}], {}, "Invalid enum value 'robot'"),
        ([{"role": "user"}], {}, "missing required field `content`"),
        ([{"role": "user", "content": 1}], {}, "Expected `str`"),
        ([{"role": "user", "content": "x", "more": 1}], {}, "unknown field `more`"),
        ("x", {"max_tokens": 0}, r"`int` >= 1 - at `\$.max_tokens`"),
        ("x", {"max_tokens": "9"}, r"\$.max_tokens"),
        ("x", {"temperature": 3}, r"\$.temperature"),
        ("x", {"temperature": float("nan")}, r"\$.temperature"),
        ("x", {"model": ""}, r"\$.model"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_is_allowed(
    messages: Any, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=f"cannot be asked of a model: .*{reason}"):
        chat_request(messages, **{**NO_OPTIONS, **options})
