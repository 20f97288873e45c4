"""The followers of a job on this node, each a cursor into the job's tail.

Live followers get the same bytes at the same time. Who is hidden, or whose connection does not take
more, has a position of its own, and is served from the tail: chunks merged, in pieces, or by a snapshot
where that is shorter.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from realtime.fan_out.batch import Batch
from realtime.fan_out.cursor import Position
from realtime.fan_out.follower import Follower, LiveSet
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.tail import Piece, Tail
from shared_events.checkpoint import Checkpoint, Delta, Snapshot
from shared_events.errors import InvalidEvent
from shared_events.events import ErrorInfo, JobFailed, encode_event, now_ms
from shared_events.ids import JobId

LOG_LOST: Final = ErrorInfo(
    code="log_lost", message="The job's log is gone: expired, or lost by Redis.", retryable=False
)

_log = structlog.get_logger("hub")


class Wishes(NamedTuple):
    """What a feed asks of the hub, each time for itself."""

    due: Callable[[Any], None]
    """There is something to flush, soon."""
    flush: Callable[[Any], None]
    """Flush now: what comes next must not be sent before it."""
    mend: Callable[[Any], None]
    """Read the log."""


class Audience:
    """`tail` is what is known of the log, of which live followers have been sent all up to `sent`."""

    __slots__ = (
        "_due", "_wishes", "delivered", "followers", "idle_rounds", "job_id", "joining", "live", "tail",
        "urgent", "wants_all",
    )  # fmt: skip

    def __init__(self, job_id: JobId, wishes: Wishes) -> None:
        self.job_id = job_id
        self.tail: Tail | None = None
        self.wants_all = True
        """Whether all of the log must be read: somebody needs more than the tail has."""
        self.live = LiveSet()
        self.followers: dict[Outlet, Follower] = {}
        self.joining = 0
        self.idle_rounds = 0
        self.delivered = 0
        self.urgent = False
        """Whether what is due must be known at once to those, too, who are served now and then."""
        self._wishes = wishes
        self._due: list[bytes] = []

    @property
    def idle(self) -> bool:
        return not self.followers and not self.joining

    @property
    def lagging(self) -> list[Follower]:
        """Followers that are neither live nor hidden."""
        return [f for f in self.followers.values() if not f.live and not f.hidden]

    @property
    def hidden(self) -> int:
        """How many followers nobody looks at."""
        return sum(follower.hidden for follower in self.followers.values())

    @property
    def sent(self) -> int:
        """Up to where live followers have been sent the log. The tail must have been read."""
        assert self.tail is not None
        return self.tail.sequence - len(self._due)

    def take_due(self) -> list[bytes]:
        """What the live followers are to be sent now; the caller does it, and says `flushed` if `urgent`."""
        due, self._due = self._due, []
        self.delivered += len(due) * len(self.live.slots)
        return due

    def missed(self, follower: Follower, events: int) -> None:
        """The connection of a live follower takes no more: the latest `events` it gets once it has read."""
        assert self.tail is not None
        self.delivered -= events
        follower.position = self.tail.position_at(self.sent - events)
        self.live.remove(follower)

    def flushed(self) -> None:
        """The live followers have been sent something that all others must know at once, or the end."""
        self.urgent = False
        if self.tail is not None and self.tail.ended:
            for follower in self.live:
                self.detach(follower.outlet)
        if len(self.followers) > len(self.live):
            self.serve_all()

    def farewell(self) -> None:
        """The log is gone: everybody is told, and waits no longer."""
        self._wishes.flush(self)
        for follower in list(self.followers.values()):
            self._let_go(follower)
        self.tail, self.wants_all = None, True

    def verdict(self, checkpoint: Checkpoint | None, *, final: bool = False) -> Delta | Snapshot | None:
        """How somebody goes on; None if that takes a new look at the log.

        That a checkpoint was overtaken is only said by a look that was taken since it was shown: `final`.
        """
        if self.tail is None:
            return None
        verdict = self.tail.resume(checkpoint)
        if isinstance(verdict, Snapshot) and not (self.tail.complete and (final or not verdict.reset)):
            return None
        return verdict

    def attach(self, outlet: Outlet, verdict: Delta | Snapshot) -> None:
        """Add a follower, or let it go on from elsewhere, and give it what it has missed."""
        assert self.tail is not None
        self.detach(outlet)
        at = verdict.sequence if isinstance(verdict, Delta) else self.sent
        if at > self.sent:
            self._wishes.flush(self)
        follower = self.followers[outlet] = Follower(self, outlet, self.tail.position_at(at))  # type: ignore[arg-type]  # every audience is a feed
        follower.awaits = verdict if isinstance(verdict, Snapshot) else None
        outlet.follow(self.job_id, follower)
        self.serve(follower)

    def detach(self, outlet: Outlet) -> None:
        follower = self.followers.pop(outlet, None)
        if follower is not None:
            if follower.live:
                self.live.remove(follower)
            outlet.unfollow(self.job_id)

    def hide(self, follower: Follower, *, hidden: bool) -> None:
        """Whether `follower` is to be served now and then only; what is due to it is not lost."""
        follower.hidden = hidden
        if hidden and follower.live:
            assert self.tail is not None
            self.live.remove(follower)
            follower.position = self.tail.position_at(self.sent)
        elif not hidden:
            self.serve(follower)

    def serve_all(self) -> None:
        """Serve everybody who is not live, the hidden ones too."""
        for follower in list(self.followers.values()):
            self.serve(follower)

    def serve(self, follower: Follower) -> None:
        """Send a follower that is not live what it has missed, as much as its connection takes."""
        try:
            while not follower.live and not follower.outlet.congested:
                if self.tail is None or not self._serve_once(follower, self.tail):
                    return
        except (InvalidEvent, msgspec.MsgspecError) as error:
            _log.error("log_unreadable", job=self.job_id, error=str(error))
            self._let_go(follower)

    def _serve_once(self, follower: Follower, tail: Tail) -> bool:
        """Whether there may be more to send."""
        position, sent = follower.position, self.sent
        verdict = follower.awaits or tail.resume(Checkpoint(position.sequence, position.epoch))
        if isinstance(verdict, Delta) and position.sequence >= sent:
            self._caught_up(follower, tail)
            return False
        if isinstance(verdict, Snapshot):
            if tail.complete:
                self._show(follower, tail, reset=verdict.reset)
            else:
                self.wants_all = True
                self._wishes.mend(self)
            return tail.complete
        self._send(follower, tail, tail.shortest(position.sequence, sent))
        return True

    def _show(self, follower: Follower, tail: Tail, *, reset: bool) -> None:
        self._send(follower, tail, tail.snapshot(self.sent, reset=reset))

    def _send(self, follower: Follower, tail: Tail, piece: Piece) -> None:
        follower.awaits = None
        self.delivered += len(piece.batch.events)
        follower.position = tail.position_at(piece.sequence)
        follower.outlet.deliver(piece.batch)

    def _caught_up(self, follower: Follower, tail: Tail) -> None:
        if tail.ended and not self._due:
            self.detach(follower.outlet)
        elif not follower.hidden:
            self.live.add(follower)

    def _set_back(self, position: Position) -> None:
        """Live followers have got as far as `position`, and are served from there, each by itself."""
        for follower in self.live:
            follower.position = position
            self.live.remove(follower)

    def _let_go(self, follower: Follower) -> None:
        sequence = follower.position.sequence
        if follower.live:
            sequence = self.sent
        last = JobFailed(job_id=self.job_id, sequence=sequence + 1, timestamp=now_ms(), error=LOG_LOST)
        follower.outlet.deliver(Batch([encode_event(last)]))
        self.detach(follower.outlet)
