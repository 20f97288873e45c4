"""A model's whole answer, put together from its deltas. Pure."""

import msgspec

from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCall, ToolCallDelta
from agents.surrogates import well_formed
from shared_events.events import Usage


class Reply(msgspec.Struct, frozen=True):
    """What `ask` gives. As a string it is its `text`.

    `finish_reason`: see `Finished`; `backend` and `model` are those that answered.
    """

    text: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    usage: Usage | None = None
    backend: str = ""
    model: str | None = None

    def __str__(self) -> str:
        return self.text


class ReplyBuilder:
    """`take` every delta, then `reply`."""

    def __init__(self) -> None:
        self.finished: Finished | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[ToolCallDelta]] = {}

    def take(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text):
                self._text.append(text)
            case ReasoningDelta(text):
                self._reasoning.append(text)
            case ToolCallDelta(index):
                self._calls.setdefault(index, []).append(delta)
            case Finished():
                self.finished = delta

    def reply(self, *, backend: str, model: str | None) -> Reply:
        """Everything that was taken; `finished` must be there."""
        assert self.finished is not None
        return Reply(
            text=well_formed("".join(self._text)),
            reasoning=well_formed("".join(self._reasoning)),
            tool_calls=tuple(_call(index, pieces) for index, pieces in sorted(self._calls.items())),
            finish_reason=self.finished.reason,
            usage=self.finished.usage,
            backend=backend,
            model=model,
        )


def _call(index: int, pieces: list[ToolCallDelta]) -> ToolCall:
    return ToolCall(
        id=next((piece.id for piece in pieces if piece.id), f"call_{index}"),
        name=next((piece.name for piece in pieces if piece.name), ""),
        arguments=well_formed("".join(piece.arguments for piece in pieces)) or "{}",
    )
