"""The truth: what each epoch's writer has said under which number, whatever became of the log since.

An epoch's history is what the log held when the epoch took it over, and then what its writer wrote.
"""

from collections.abc import Iterable

from shared_events.checkpoint import Checkpoint, EpochStart
from shared_events.events import JobSnapshot, decode_event
from shared_events.fold import fold
from shared_events.ids import Epoch, JobId


class History:
    """Told of every claim that succeeded and of every append that was tried."""

    def __init__(self, job_id: JobId) -> None:
        self._job_id = job_id
        self._inherited: dict[Epoch, list[bytes]] = {}
        self._written: dict[Epoch, dict[int, bytes]] = {}
        self._lineages: dict[Epoch, tuple[EpochStart, ...]] = {}
        self._views: dict[tuple[Epoch, int], JobSnapshot] = {}

    def claimed(self, epoch: Epoch, head: int, *, before: Epoch | None) -> None:
        """`epoch` has taken over a log that ends at `head`; `before` wrote it, if anybody has."""
        if epoch == before:
            return  # repeated
        assert not self._written.get(epoch), f"{epoch} has written, and claims the log once more"
        self._inherited[epoch] = self.prefix(before, head) if before is not None else []
        earlier = self._lineages[before] if before is not None else ()
        self._lineages[epoch] = (*earlier, EpochStart(epoch, head + 1))
        self._written[epoch] = {}
        self._views = {key: view for key, view in self._views.items() if key[0] != epoch}

    def wrote(self, epoch: Epoch, previous: int, events: list[bytes]) -> None:
        """The writer asks for `events` after `previous`: for ever the same under the same number."""
        for sequence, event in enumerate(events, previous + 1):
            known = self._written[epoch].setdefault(sequence, event)
            assert known == event, f"({epoch}, {sequence}) names {known!r} and {event!r}"

    def prefix(self, epoch: Epoch, sequence: int) -> list[bytes]:
        """The events up to `sequence` as `epoch` has them."""
        assert epoch in self._inherited, f"nobody has claimed a log as {epoch}"
        inherited = self._inherited[epoch]
        written = self._written[epoch]
        missing = [n for n in range(len(inherited) + 1, sequence + 1) if n not in written]
        assert not missing, f"the writer of {epoch} has never written {missing}"
        return inherited[:sequence] + [written[n] for n in range(len(inherited) + 1, sequence + 1)]

    def written(self, epoch: Epoch) -> Iterable[bytes]:
        """What the writer of `epoch` has asked to append."""
        return self._written[epoch].values()

    def lineage(self, epoch: Epoch) -> tuple[EpochStart, ...]:
        """The epochs that made the log of `epoch`, and where each began."""
        return self._lineages[epoch]

    def view(self, epoch: Epoch, sequence: int) -> JobSnapshot:
        """What a follower must hold at this checkpoint. Its epoch is left out: it is the checkpoint's."""
        key = (epoch, sequence)
        if key not in self._views:
            events = map(decode_event, self.prefix(epoch, sequence))
            self._views[key] = held(fold(self._job_id, events).snapshot(reset=False))
        return self._views[key]

    def contains(self, epoch: Epoch, head: int, checkpoint: Checkpoint) -> bool:
        """Whether the log that `epoch` has written up to `head` begins with the checkpoint's."""
        if checkpoint.epoch is None or checkpoint.sequence > head or checkpoint.epoch not in self._inherited:
            return False
        mine = self.prefix(checkpoint.epoch, checkpoint.sequence)
        return mine == self.prefix(epoch, head)[: checkpoint.sequence]


def held(snapshot: JobSnapshot) -> JobSnapshot:
    """What of a view must agree between those who hold the same events."""
    return JobSnapshot(
        **{name: getattr(snapshot, name) for name in snapshot.__struct_fields__ if name not in _OWN},
        epoch="",
        reset=False,
    )


_OWN = frozenset({"epoch", "reset"})
