"""Asks a model for JSON of a msgspec struct, and takes nothing else; a broken answer is repaired once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar, Unpack

import msgspec

from agents.asking.json_reply import Misfit, fitting
from agents.asking.question import Asking, Messages
from agents.backends.protocol import ChatMessage
from agents.context import JobContext
from agents.errors import InvalidReply
from agents.schema import input_schema

T = TypeVar("T")

TURNS: Final = 4
"""So often at most an answer that was cut is gone on with, unless said otherwise."""
_SHOWN_MOST: Final = 20_000
"""Characters of a broken answer that the model is shown."""


class Watching(Protocol):
    """Sees the JSON while it is written."""

    async def piece(self, text: str) -> None: ...
    async def anew(self) -> None:
        """What came so far is broken: the whole comes again."""
        ...


async def structured(
    job: JobContext[Any],
    messages: Messages,
    into: type[T],
    *,
    publish: bool = False,
    watching: Watching | None = None,
    **asking: Unpack[Asking],
) -> T:
    """The answer of a model as an `into`, which is a msgspec struct.

    Its JSON Schema, and with it the struct's docstring, is shown to the model; so is an answer that does not
    fit, and the model is asked exactly once more. `publish`: the JSON itself is published, and taken back if
    it is repaired. Raises `InvalidReply`, and as `JobContext.stream`.
    """
    schema = input_schema(into)
    seen = watching if watching is not None else _Shown(job, asking.get("step")) if publish else _Unseen()
    asking = {"max_turns": TURNS, "json_schema": schema, **asking}
    asked = _with_schema(messages, schema)
    answer = await _answer(job, asked, seen, asking)
    try:
        return fitting(answer, into)
    except Misfit as misfit:
        await seen.anew()
        return await _repaired(job, [*asked, *_complaint(answer, misfit)], into, seen, asking)


async def _repaired(
    job: JobContext[Any], messages: Sequence[ChatMessage], into: type[T], seen: Watching, asking: Asking
) -> T:
    try:
        return fitting(await _answer(job, messages, seen, asking), into)
    except Misfit as misfit:
        raise InvalidReply(
            f"The model did not answer in the form that it was asked for, twice: {misfit}."
        ) from None


async def _answer(
    job: JobContext[Any], messages: Sequence[ChatMessage], seen: Watching, asking: Asking
) -> str:
    pieces = []
    async for piece in job.stream(messages, publish=False, **asking):
        pieces.append(piece)
        await seen.piece(piece)
    return "".join(pieces)


def _with_schema(messages: Messages, schema: Mapping[str, Any]) -> list[ChatMessage]:
    """`messages`, the last of which says the form of the answer, too: not every server is told otherwise."""
    given = [ChatMessage("user", messages)] if isinstance(messages, str) else messages
    asked = msgspec.convert(given, list[ChatMessage])
    form = (
        "Answer with one JSON object that fits this JSON Schema, and with nothing else: no words before or "
        f"behind it, no code fence.\n{msgspec.json.encode(schema).decode()}"
    )
    if asked and asked[-1].role == "user":
        return [*asked[:-1], ChatMessage("user", f"{asked[-1].content}\n\n{form}")]
    return [*asked, ChatMessage("user", form)]


def _complaint(answer: str, misfit: Misfit) -> list[ChatMessage]:
    # Servers refuse a message that is empty.
    shown = answer[:_SHOWN_MOST] if answer.strip() else "(nothing)"
    words = (
        f"This cannot be used: {misfit}. Answer again: the whole JSON object, corrected, and nothing else."
    )
    return [ChatMessage("assistant", shown), ChatMessage("user", words)]


class _Unseen:
    async def piece(self, text: str) -> None:
        """Nobody looks."""

    async def anew(self) -> None:
        """Nobody looked."""


class _Shown:
    """Publishes the JSON as it comes."""

    def __init__(self, job: JobContext[Any], step: str | None) -> None:
        self._job = job
        self._step = step
        self._began = len(job.text)

    async def piece(self, text: str) -> None:
        await self._job.on_chunk(text, step=self._step, model=self._job.model)

    async def anew(self) -> None:
        await self._job.rewind(self._began)
