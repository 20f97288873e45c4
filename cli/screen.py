"""How a followed job looks in a terminal: the text as it comes, then one line that sums it up."""

import sys
import time
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.markup import escape

from cli.progress import ProgressPace
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

LONGEST_RESULT: Final = 500
"""Characters of a result that are shown."""

_COLOURS = {JobStatus.COMPLETED: "green", JobStatus.FAILED: "red", JobStatus.CANCELLED: "yellow"}


# Control characters but tab and line break: a model must not steer the reader's terminal.
_UNPRINTABLE = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)], "\ufffd")


def printable(text: str) -> str:
    return text.translate(_UNPRINTABLE)


_RESTS = {JobStatus.PAUSED, JobStatus.RETRYING, JobStatus.STALLED}


def remark(view: JobView, before: JobStatus | None) -> str:
    """What is said of a status, as markup; `before` is the one before it. Empty: nothing."""
    why = _after(": ", view.reason)
    match view.status:
        case JobStatus.PAUSED:
            return f"[yellow]paused[/][dim]{why}[/]"
        case JobStatus.RETRYING:
            return f"[yellow]trying again (attempt {view.attempt + 1})…[/][dim]{why}[/]"
        case JobStatus.STALLED:
            silent = why or ": the worker fell silent"
            return f"[yellow]stalled[/][dim]{silent}; looking for another[/]"
        case JobStatus.QUEUED:
            return f"[dim]queued{why}[/]"
        case JobStatus.RUNNING if before in _RESTS:
            return "[dim]goes on[/]"
    return ""


def result_in_short(result: Any) -> str:
    """`result` as compact JSON, cut at `LONGEST_RESULT` characters."""
    shown = printable(msgspec.json.encode(result).decode())
    return shown if len(shown) <= LONGEST_RESULT else f"{shown[:LONGEST_RESULT]}…"


def counted(number: float, noun: str) -> str:
    return f"{number:.0f} {noun}" if round(number) == 1 else f"{number:.0f} {noun}s"


def _after(mark: str, words: str | None) -> str:
    return f"{mark}{escape(printable(words))}" if words else ""


class Screen:
    """Text goes to stdout, everything about it to stderr, so that a pipe gets the text alone."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._text = Console(highlight=False, soft_wrap=True)
        # Somebody may search a file for a sentence: only a terminal has an edge to wrap at.
        unwrapped = not sys.stderr.isatty()
        self._about = Console(stderr=True, highlight=False, emoji=False, soft_wrap=unwrapped, quiet=quiet)
        self._is_one_terminal = self._text.is_terminal and self._about.is_terminal
        self._started = time.monotonic()
        self._chunks = 0
        self._line_open = False
        self._status: JobStatus | None = None
        self._pace = ProgressPace()

    def accepted(self, job_id: str) -> None:
        self._about.print(f"[dim]job[/] {job_id}")

    def show(self, event: Event | JobSnapshot, view: JobView) -> None:
        match event:
            case ModelChunk():
                self._chunks += 1
                self._write(event.chunk)
                self._advance(view)
            case JobSnapshot():
                if event.reset:
                    self._say("[yellow]from the beginning: what was shown here has been overtaken[/]")
                self._write(event.text)
                self._stand(view)
            case ModelRewind():
                self._say(f"[yellow]attempt {event.attempt} goes on from character {event.length}[/]")
                self._write(view.text)
            case JobProgress():
                self._advance(view)
            case JobStatusChanged():
                self._stand(view)

    def ended(self, view: JobView) -> None:
        if self._text.is_terminal:
            self._break_line()
        colour = _COLOURS.get(view.status, "default")
        self._about.print(f"[{colour}]{view.status}[/] [dim]{self._figures(view)}[/]")
        if view.error is not None:
            self._about.print(f"[red]{escape(view.error.code)}[/]: {escape(printable(view.error.message))}")
        if view.result is not None:
            self._about.print(f"[dim]result[/] {escape(result_in_short(view.result))}")

    def _figures(self, view: JobView) -> str:
        took = time.monotonic() - self._started
        rate = f", {counted(self._chunks / took, 'chunk')}/s" if self._chunks and took > 0 else ""
        return f"{counted(view.sequence, 'event')}, {took:.1f} s{rate}"

    def _advance(self, view: JobView) -> None:
        """Tells the progress, but never in the middle of a line of text."""
        if view.progress is None or (self._line_open and self._is_one_terminal):
            return
        per_cent = self._pace.tells(view.progress, view.step, time.monotonic())
        if per_cent is not None:
            self._say(f"[dim]{per_cent} %{_after('  ', view.step)}[/]")

    def _stand(self, view: JobView) -> None:
        if said := remark(view, self._status):
            self._say(said)
        self._status = view.status

    def _write(self, text: str) -> None:
        if text:
            self._text.out(printable(text), end="", highlight=False)
            self._text.file.flush()
            self._line_open = not text.endswith("\n")

    def _say(self, sentence: str) -> None:
        # In a pipe the text stays whole; on a terminal that shows both a remark gets a line of its own.
        if self._is_one_terminal:
            self._break_line()
        self._about.print(sentence)

    def _break_line(self) -> None:
        if self._line_open:
            self._text.out("")
            self._line_open = False
