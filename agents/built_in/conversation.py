"""What of a conversation a model is sent: its system prompt, and the end of it that it has room for. Pure."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from agents.usage import estimated_tokens


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message as users may send it: none of a tool, and none that calls one."""

    role: Literal["system", "user", "assistant"]
    content: str


def window(messages: Sequence[Said], most: int, tokens: int) -> list[Said]:
    """What is sent of `messages`: the system prompts at their beginning, and the last of the others.

    Of these at most `most`, and only so many that all together have no more than `tokens`, estimated. From
    the user's last message on everything goes, however long it is. Where something is left out, what is sent
    begins with a message of the user, as some models want it.
    """
    system = _leading_system(messages)
    history = messages[len(system) :]
    asked = _last_question(history)
    begin, room = len(history), tokens - _tokens(system)
    for index in range(len(history) - 1, -1, -1):
        room -= _tokens([history[index]])
        fits = room >= 0 and len(history) - index <= most
        if not fits and index < asked:
            break
        if index == 0 or history[index].role == "user" or index >= asked:
            begin = index
    return [*system, *history[begin:]]


def _leading_system(messages: Sequence[Said]) -> list[Said]:
    count = next((i for i, said in enumerate(messages) if said.role != "system"), len(messages))
    return list(messages[:count])


def _last_question(history: Sequence[Said]) -> int:
    """The index of the user's last message; where there is none, of the last one."""
    users = (i for i in range(len(history) - 1, -1, -1) if history[i].role == "user")
    return next(users, max(0, len(history) - 1))


def _tokens(messages: Sequence[Said]) -> int:
    return sum(estimated_tokens(said.content) for said in messages)
