"""Requests: what an author may pass to `stream`."""

from typing import Any

import pytest

from agents import ChatMessage, ChatRequest
from agents.asking.question import question


def test_a_string_is_a_prompt() -> None:
    assert question("Hi", {}).request == ChatRequest((ChatMessage("user", "Hi"),))


def test_a_conversation_is_made_of_messages_or_dicts() -> None:
    request = question(
        [ChatMessage("system", "Be brief."), {"role": "user", "content": "Hi"}],
        {"model": "m", "max_tokens": 5, "temperature": 0.5},
    ).request
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
        ("x", {"max_turns": 0}, r"\$.max_turns"),
        ("x", {"turn_tokens": 0}, r"\$.turn_tokens"),
        ("x", {"modle": "m"}, "unknown field `modle`"),
        ("x", {"on_turn": 1}, "on_turn must be a function"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_is_allowed(
    messages: Any, options: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=f"cannot be asked of a model: .*{reason}"):
        question(messages, options)
