"""What is owed at an answer's end, whoever gave it: counts, and tool calls that are whole. Pure."""

from typing import Final

import msgspec

from agents.backends.protocol import ChatRequest, Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.errors import BackendIncomplete, BackendProtocolError
from agents.surrogates import well_formed
from agents.usage import tokens_of
from shared_events.events import Usage

MOST_CALLS: Final = 128
ARGUMENTS_LIMIT: Final = 1024 * 1024
"""Characters of all tool calls of one answer."""


class Tally:
    """`take` every delta of the answer to `request`."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._characters = 0
        self._calls: dict[int, list[str]] = {}
        self._named: set[int] = set()
        self._argued = 0

    def take(self, delta: Delta) -> Delta:
        """`delta`; where it is the end, with an estimate if the provider counted nothing.

        Raises `BackendIncomplete` where a tool call was cut, `BackendProtocolError` for too many of them.
        """
        if isinstance(delta, TextDelta | ReasoningDelta):
            self._characters += len(delta.text)
            return delta
        if isinstance(delta, ToolCallDelta):
            self._take_call(delta)
            return delta
        self._check_calls()
        return delta if delta.usage is not None else Finished(delta.reason, self._estimate())

    def _take_call(self, delta: ToolCallDelta) -> None:
        self._argued += len(delta.arguments)
        pieces = self._calls.setdefault(delta.index, [])
        if delta.arguments:
            pieces.append(delta.arguments)
        if delta.name:
            self._named.add(delta.index)
        if len(self._calls) > MOST_CALLS or self._argued > ARGUMENTS_LIMIT:
            raise BackendProtocolError(
                f"The answer has more than {MOST_CALLS} tool calls, or {ARGUMENTS_LIMIT} characters of them."
            )

    def _check_calls(self) -> None:
        for index, pieces in self._calls.items():
            if index not in self._named or not _is_object("".join(pieces) or "{}"):
                raise BackendIncomplete("The answer ended in the middle of a tool call.")

    def _estimate(self) -> Usage:
        asked = sum(len(message.content) for message in self._request.messages)
        return Usage(
            input_tokens=tokens_of(asked),
            output_tokens=tokens_of(self._characters + self._argued),
            estimated=True,
        )


def _is_object(text: str) -> bool:
    try:
        # The halves of a surrogate pair may have come in two pieces.
        msgspec.json.decode(well_formed(text), type=dict)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
