"""One turn of an answer that may take several: what it adds to those before it. Pure."""

from typing import Final

from agents.asking.seam import Seam
from agents.backends.protocol import ChatRequest, Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.errors import BackendIncomplete
from agents.surrogates import well_formed
from agents.usage import tokens_of

_LENGTH: Final = "length"
_FIRST, _LOWEST, _LAST = "\ud800", "\udc00", "\udfff"


class Turn:
    """`take` every delta of the answer to `request`, then `rest`.

    `before` is what was said until now, `half` the high surrogate in which it ended, which nobody has seen.
    """

    def __init__(self, request: ChatRequest, *, before: str = "", half: str = "") -> None:
        self.request = request
        self.half = half
        self.calls_tools = False
        self._seam = Seam(before)
        self._begun = False
        self._said: list[str] = []
        self._characters = 0
        self._finished: Finished | None = None

    @property
    def said(self) -> str:
        """The text that is new."""
        return "".join(self._said)

    @property
    def tokens(self) -> int:
        """How many it took, for what it repeated too: as the provider counted, or an estimate."""
        finished = self.finished()
        if finished.usage and not finished.usage.estimated and finished.usage.output_tokens is not None:
            return finished.usage.output_tokens
        estimate = tokens_of(self._characters)
        limit = self.request.max_tokens
        return estimate if limit is None else min(estimate, limit)

    def take(self, delta: Delta) -> Delta | None:
        """What to give on of `delta`, if anything. The end is kept: it is not the end of the answer."""
        match delta:
            case TextDelta(text):
                self._characters += len(text)
                new = self._note(self._seam.feed(self._joined(text)))
                return TextDelta(new) if new else None
            case Finished():
                self._finished = delta
                return None
            case ReasoningDelta(text):
                self._characters += len(text)
            case ToolCallDelta():
                self.calls_tools = True
        return delta

    def rest(self) -> str:
        """The text that was held back. You must call this at the end, also at an error."""
        complete = self._finished is not None and self._finished.reason != _LENGTH
        lost = well_formed(self.half) if complete and self._begun else ""
        return self._note(self._seam.feed(lost) + self._seam.finish())

    def finished(self) -> Finished:
        """How it ended. Raises `BackendIncomplete` where it did not."""
        if self._finished is None:
            raise BackendIncomplete("The backend ended without saying that it had finished.")
        return self._finished

    def _note(self, text: str) -> str:
        if text:
            self._said.append(text)
        return text

    def _joined(self, text: str) -> str:
        """`text` with the half before it; a half at its end waits, for the next turn if need be."""
        if not self._begun and text:
            self._begun = True
            self.half = self.half if _LOWEST <= text[0] <= _LAST else ""
        if not self.half and text.isascii():
            return text
        text = self.half + text
        self.half = text[-1] if _FIRST <= text[-1:] < _LOWEST else ""
        return well_formed(text[: len(text) - len(self.half)])
