"""Prompting: who asks to go on, and with what."""

import pytest

from agents import ChatMessage
from agents.asking.continuation import GO_ON
from agents.backends.scripted.prompting import partial_of

SAID = ChatMessage("assistant", "Once")


@pytest.mark.parametrize(
    ("messages", "partial"),
    [
        ((), ""),
        ((ChatMessage("user", "continue"),), ""),
        ((SAID,), "Once"),
        ((SAID, ChatMessage("user", GO_ON)), "Once"),
        ((SAID, ChatMessage("user", "Please keep going.")), "Once"),
        ((SAID, ChatMessage("user", "Continued fractions?")), ""),
        ((SAID, ChatMessage("user", "And?"), ChatMessage("user", GO_ON)), ""),
    ],
)
def test_the_last_answer_is_partial_where_somebody_asks_to_go_on(
    messages: tuple[ChatMessage, ...], partial: str
) -> None:
    assert partial_of(messages) == partial
