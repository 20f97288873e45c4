"""How fast a job's text came. Pure, with the clock passed in."""

from collections.abc import Callable

from shared_events.events import Event, ModelChunk, Usage


class Timing:
    """`take` every event. Seconds count from its making."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._first: float | None = None
        self._last = self._began

    def take(self, event: Event) -> None:
        if isinstance(event, ModelChunk):
            self._last = self._clock()
            self._first = self._first if self._first is not None else self._last

    def figures(self, usage: Usage | None) -> list[str]:
        """What there is to say: when the text began, what it took, how fast it came."""
        said = [] if self._first is None else [f"first text after {self._first - self._began:.2f} s"]
        if usage is None:
            return said
        about = "about " if usage.estimated else ""
        said.append(f"{about}{usage.input_tokens or 0} tokens in, {usage.output_tokens or 0} out")
        took = self._last - self._first if self._first is not None else 0.0
        if usage.output_tokens and took > 0:
            said.append(f"{usage.output_tokens / took:.1f} tokens/s")
        return said
