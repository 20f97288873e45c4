"""Turn after turn of one answer: a model that was cut at its length is asked to go on.

Small turns also give frequent news from a backend that answers whole.
"""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeAlias

import msgspec

from agents.asking.turn import Turn
from agents.backends.protocol import ChatMessage, ChatRequest, Delta, Finished, TextDelta
from agents.usage import added
from shared_events.events import Usage

GO_ON: Final = (
    "Your answer above was cut off at its end. Go on exactly where it stops, in the middle of a sentence or "
    "word if it stops there: what you write now is joined to it as it is. Repeat nothing of it, do not begin "
    "anew, and put nothing before it: no introduction, no remark, no ellipsis."
)

Ask: TypeAlias = Callable[[ChatRequest], AsyncGenerator[Delta, None]]
OnTurn: TypeAlias = Callable[[int, str, str, str], Awaitable[None] | None]
"""Told after each turn: its number from 1, what it added, all so far, and its finish reason."""


class Turns(msgspec.Struct, frozen=True):
    """How far one answer may go on: `most` turns, each of `tokens` tokens at most (None: as requested).

    Raises `ValueError` for less than one of them.
    """

    most: int = 1
    tokens: int | None = None

    def __post_init__(self) -> None:
        if self.most < 1 or (self.tokens is not None and self.tokens < 1):
            raise ValueError(f"An answer has 1 turn at least, of 1 token or more: not {self}.")


def continued(
    ask: Ask, request: ChatRequest, turns: Turns, on_turn: OnTurn | None = None
) -> AsyncGenerator[Delta, None]:
    """What `ask` answers, gone on with while it is cut: deltas, and one `Finished` with the usage of all.

    `request.max_tokens` limits all turns together. Where the messages end with the assistant's, that is a
    partial answer, and even the first turn goes on from it; "all so far" does not include it. The last
    reason is `length` where turns or tokens were used up, or a turn brought nothing new. Tool calls end the
    turns. Errors of `ask` are raised when all text before them was given.
    """
    answer = _Answer(request, turns)
    if turns.most == 1 and on_turn is None and not answer.partial:
        return ask(answer.next_request())
    return _turn_by_turn(ask, answer, on_turn)


async def _turn_by_turn(ask: Ask, answer: "_Answer", on_turn: OnTurn | None) -> AsyncGenerator[Delta, None]:
    while answer.goes_on:
        turn = answer.next_turn()
        try:
            async with aclosing(ask(turn.request)) as deltas:
                async for delta in deltas:
                    if (new := turn.take(delta)) is not None:
                        yield new
        except Exception:
            if rest := turn.rest():
                yield TextDelta(rest)
            raise
        if rest := turn.rest():
            yield TextDelta(rest)
        answer.end(turn)
        await _tell(on_turn, answer, turn)
    yield Finished(answer.reason, answer.usage)


async def _tell(on_turn: OnTurn | None, answer: "_Answer", turn: Turn) -> None:
    if on_turn is None:
        return
    told = on_turn(answer.number, turn.said, answer.said, answer.reason)
    if inspect.isawaitable(told):
        await told


class _Answer:
    """All turns of one answer: what to ask next, and what came of it."""

    def __init__(self, request: ChatRequest, turns: Turns) -> None:
        self.messages, self.partial = _split(request.messages)
        self.said = ""
        self.number = 0
        self.reason = ""
        self.usage: Usage | None = None
        self.goes_on = True
        self._request = request
        self._turns = turns
        self._left = request.max_tokens
        self._half = ""

    def next_request(self) -> ChatRequest:
        """Goes on behind all that was said, or begins."""
        limits = [limit for limit in (self._turns.tokens, self._left) if limit is not None]
        request = msgspec.structs.replace(self._request, max_tokens=min(limits, default=None))
        if not (so_far := self.partial + self.said):
            return msgspec.structs.replace(request, messages=self.messages)
        messages = (*self.messages, ChatMessage("assistant", so_far), ChatMessage("user", GO_ON))
        # The rest of an answer in JSON is no JSON: whoever were held to the schema would begin anew.
        return msgspec.structs.replace(request, messages=messages, json_schema=None)

    def next_turn(self) -> Turn:
        self.number += 1
        return Turn(self.next_request(), before=self.partial + self.said, half=self._half)

    def end(self, turn: Turn) -> None:
        """Raises `BackendIncomplete` where the turn had no end."""
        finished = turn.finished()
        self.said += turn.said
        self.reason = finished.reason
        self.usage = added(self.usage, finished.usage)
        self._half = turn.half
        if self._left is not None:
            self._left -= turn.tokens
        used_up = self.number == self._turns.most or (self._left is not None and self._left < 1)
        cut = finished.reason == "length" and not turn.calls_tools
        # Nothing but white space cannot be gone on from: servers refuse it as a message.
        self.goes_on = cut and not used_up and turn.said != "" and not (self.partial + self.said).isspace()


def _split(messages: tuple[ChatMessage, ...]) -> tuple[tuple[ChatMessage, ...], str]:
    """The conversation, and the partial answer that it ends with."""
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant" or last.tool_calls:
        return messages, ""
    return messages[:-1], last.content if last.content.strip() else ""
