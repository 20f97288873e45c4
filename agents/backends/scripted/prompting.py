"""What a conversation asks of a script: to begin, or to go on behind what was said. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from agents.asking.continuation import GO_ON
from agents.backends.protocol import ChatMessage
from agents.backends.scripted.script import Script

_ASKS: Final = re.compile(r"\b(go on|continue|carry on|keep going)\b", re.IGNORECASE)


def prompted(play: Callable[[str], Script], messages: Sequence[ChatMessage]) -> Script:
    """What is left of the script where the conversation asks to go on with it; else all of it.

    `play` gives the script behind what was said.
    """
    script = play(partial_of(messages))
    # "Continue" may be the beginning of another question, too.
    return script if script.length or _must_go_on(messages) else play("")


def partial_of(messages: Sequence[ChatMessage]) -> str:
    """The assistant's last text, if the conversation ends with it or asks to go on; else nothing."""
    if not (_must_go_on(messages) or any(_ASKS.search(message.content) for message in messages[-1:])):
        return ""
    return next((message.content for message in messages[-2:] if message.role == "assistant"), "")


def _must_go_on(messages: Sequence[ChatMessage]) -> bool:
    return any(message.role == "assistant" or message.content == GO_ON for message in messages[-1:])
