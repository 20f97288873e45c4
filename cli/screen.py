"""How a followed job looks in a terminal: the text as it comes, then one line that sums it up."""

import time

from rich.console import Console
from rich.markup import escape

from shared_events.events import (
    Event,
    JobProgress,
    JobSnapshot,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    ModelRewind,
)
from shared_events.fold import JobView

_COLOURS = {JobStatus.COMPLETED: "green", JobStatus.FAILED: "red", JobStatus.CANCELLED: "yellow"}


# Control characters but tab and line break: a model must not steer the reader's terminal.
_UNPRINTABLE = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)], "\ufffd")


def printable(text: str) -> str:
    return text.translate(_UNPRINTABLE)


def _after(mark: str, words: str | None) -> str:
    return f"{mark}{escape(printable(words))}" if words else ""


class Screen:
    """Text goes to stdout, everything about it to stderr, so that a pipe gets the text alone."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._text = Console(highlight=False, soft_wrap=True)
        self._about = Console(stderr=True, highlight=False, quiet=quiet)
        self._started = time.monotonic()
        self._chunks = 0
        self._line_open = False

    def accepted(self, job_id: str) -> None:
        self._about.print(f"[dim]job[/] {job_id}")

    def show(self, event: Event | JobSnapshot, view: JobView) -> None:
        match event:
            case ModelChunk():
                self._chunks += 1
                self._write(event.chunk)
            case JobSnapshot():
                if event.reset:
                    self._say("[yellow]from the beginning: what was shown here has been overtaken[/]")
                self._write(event.text)
            case ModelRewind():
                self._say(f"[yellow]attempt {event.attempt} goes on from character {event.length}[/]")
                self._write(view.text)
            case JobProgress():
                self._say(f"[dim]{event.progress:g} %{_after('  ', event.step)}[/]")
            case JobStatusChanged() if event.status is not JobStatus.RUNNING:
                self._say(f"[dim]{event.status}{_after(': ', event.reason)}[/]")

    def ended(self, view: JobView) -> None:
        took = time.monotonic() - self._started
        rate = f", {self._chunks / took:.0f} chunks/s" if self._chunks and took > 0 else ""
        colour = _COLOURS.get(view.status, "default")
        self._say(f"[{colour}]{view.status}[/] [dim]{view.sequence} events, {took:.1f} s{rate}[/]")
        if view.error is not None:
            self._about.print(f"[red]{escape(view.error.code)}[/]: {escape(printable(view.error.message))}")

    def _write(self, text: str) -> None:
        if text:
            self._text.out(printable(text), end="", highlight=False)
            self._text.file.flush()
            self._line_open = not text.endswith("\n")

    def _say(self, sentence: str) -> None:
        # In a pipe the text stays whole; on a terminal a remark gets a line of its own.
        if self._line_open and self._text.is_terminal:
            self._text.out("")
            self._line_open = False
        self._about.print(sentence)
