"""A job's tail, beside a list of all that was ever said."""

from typing import Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from realtime.fan_out import tail as module
from realtime.fan_out.tail import Piece, Tail
from shared_events.answers import Whole
from shared_events.checkpoint import Checkpoint, Delta, EpochStart, Reach, Snapshot, resume
from shared_events.errors import InvalidEvent
from shared_events.events import EVENTS, JobSnapshot, JobStatus, decode_event
from shared_events.fold import JobView, Outcome, fold
from tests.making import chunk, completed, encoded, status
from tests.model.mutation import Mutant
from tests.realtime.fan_out.feeding import BEGUN, E1, E2, FIRST, JOB, meta_of, words

TEXTS: Final = st.sampled_from(["a", "bc ", "\U0001f600", "long " * 10])


def tail_of(*events: bytes, first: int = 1, base: bytes | None = None) -> Tail:
    return Tail(JOB, Whole(meta_of(first + len(events) - 1, FIRST, first=first), base, list(events)))


def view_after(events: list[bytes]) -> JobView:
    return fold(JOB, map(decode_event, events))


def apply(view: JobView, piece: Piece) -> None:
    """`piece` must go on where `view` stands, and lead to where it says."""
    for event in piece.batch.events:
        name, payload = msgspec.json.decode(event, type=tuple[str, msgspec.Raw])
        if name in EVENTS:
            assert view.receive(decode_event(event)) is Outcome.APPLIED
        else:
            assert view.receive_snapshot(msgspec.json.decode(payload, type=JobSnapshot)) is Outcome.APPLIED
    assert view.sequence == piece.sequence


def forget(tail: Tail, limit: int) -> None:
    """Twice, as it does not forget what was made use of since the last time."""
    tail.forget(limit)
    tail.forget(limit)


class TailMachine(RuleBasedStateMachine):
    """`said` is the naive model; the tail began when the log had been compacted, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.epochs = [FIRST]
        self.tail: Tail

    @initialize(texts=st.lists(TEXTS, max_size=8), kept=st.integers(0, 8), compacted=st.booleans())
    def begin(self, texts: list[str], kept: int, compacted: bool) -> None:
        self.said = [*BEGUN, *words(2, *texts)]
        cut = max(0, len(self.said) - kept) if compacted else 0
        base = msgspec.json.encode(view_after(self.said[:cut]).snapshot(reset=False)) if cut else None
        meta = meta_of(len(self.said), FIRST, first=cut + 1)
        self.tail = Tail(JOB, Whole(meta, base, self.said[cut:]))

    @property
    def reach(self) -> Reach:
        return Reach(epochs=tuple(self.epochs), first=self.tail.first, head=len(self.said))

    @rule(text=TEXTS)
    def add(self, text: str) -> None:
        [event] = words(len(self.said) + 1, text)
        self.said.append(event)
        self.tail.add(event)

    @rule(texts=st.lists(TEXTS, max_size=3), succeeded=st.booleans())
    def extend(self, texts: list[str], succeeded: bool) -> None:
        news: list[bytes] = []
        head = len(self.said)
        if succeeded:
            self.epochs.append(EpochStart(f"{len(self.epochs):012}", head + 1))  # type: ignore[arg-type]
            news = encoded(status(JOB, head + 1, self.epochs[-1].epoch))
        news += words(head + 1 + len(news), *texts)
        self.said += news
        self.tail.extend(news, self.reach)

    @rule(limit=st.integers(0, 1500))
    def forget(self, limit: int) -> None:
        forget(self.tail, limit)
        assert self.tail.size <= limit

    @rule(data=st.data())
    def pieces_lead_to_the_head(self, data: st.DataObject) -> None:
        after = data.draw(st.integers(self.tail.first - 1, len(self.said)))
        upto = data.draw(st.integers(after, len(self.said)))
        self.tail.piece(after, len(self.said))  # somebody else wants more from there
        view = view_after(self.said[:after])
        while view.sequence < upto:
            piece = self.tail.piece(view.sequence, upto)
            assert piece is self.tail.piece(view.sequence, upto)
            assert piece.sequence > view.sequence
            apply(view, piece)
        assert view.snapshot(reset=False) == view_after(self.said[:upto]).snapshot(reset=False)

    @precondition(lambda self: self.tail.complete)
    @rule(reset=st.booleans())
    def a_snapshot_shows_the_head(self, reset: bool) -> None:
        view = JobView(JOB)
        apply(view, self.tail.snapshot(len(self.said), reset=reset))
        assert view.snapshot(reset=False) == view_after(self.said).snapshot(reset=False)

    @rule(data=st.data())
    def the_shortest_way_leads_on(self, data: st.DataObject) -> None:
        after = data.draw(st.integers(self.tail.first - 1, len(self.said)))
        view = view_after(self.said[:after])
        while view.sequence < len(self.said):
            piece = self.tail.shortest(view.sequence, len(self.said))
            assert piece.sequence > view.sequence
            apply(view, piece)
        assert view.text == view_after(self.said).text

    @rule(sequence=st.integers(0, 40), known=st.integers(0, 5))
    def resuming_is_as_the_reach_says(self, sequence: int, known: int) -> None:
        epoch = self.epochs[known % len(self.epochs)].epoch
        for checkpoint in (None, Checkpoint(sequence), Checkpoint(sequence, epoch)):
            assert self.tail.resume(checkpoint) == resume(checkpoint, self.reach)

    @invariant()
    def it_holds_the_end_of_what_was_said(self) -> None:
        if not self.said:
            return
        tail = self.tail
        assert tail.sequence == len(self.said)
        assert tail.newer_than(tail.first - 1) == self.said[tail.first - 1 :]
        assert tail.newer_than(tail.first - 2) is None
        assert tail.newer_than(len(self.said)) == []
        assert tail.position.epoch == self.epochs[-1].epoch
        assert tail.position_at(len(self.said)) == tail.position


def run() -> None:
    fixed = settings(
        max_examples=60,
        stateful_step_count=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_BYTES", 200)
        patch.setattr("realtime.fan_out.merge.MERGED_CHARACTERS", 40)
        run_state_machine_as_test(TailMachine, settings=fixed)


def test_it_says_whatever_a_list_of_everything_would() -> None:
    run()


_TAIL: Final = "realtime.fan_out.tail:Tail."
MUTANTS: Final = {
    "a piece is one too short": Mutant(_TAIL + "_cut", "range(upto - after)", "range(upto - after - 1)"),
    "a piece counts its messages": Mutant(_TAIL + "_cut", "sequence + count", "sequence + 1"),
    "a piece has no end": Mutant(_TAIL + "_cut", "range(upto - after)", "range(len(self._events) - begin)"),
    "a snapshot begins too early": Mutant(_TAIL + "_show", "max(0, view.sequence + 1 - self.first)", "1"),
    "a snapshot is of a part": Mutant(_TAIL + "_drop_base", "self.complete = False", "pass"),
    "bytes are not given back": Mutant(
        _TAIL + "forget", "self.size -= len(self._events[forgotten])", "self.size -= 1"
    ),
    "pieces outlive what they are of": Mutant(
        "realtime.fan_out.tail:Piece.leads_to", "self.full and self.sequence < upto", "True"
    ),
    "the heirs are not known": Mutant(
        _TAIL + "extend", "reach.epochs, reach.wrote", "self._epochs, reach.wrote"
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, ValueError, IndexError, ExceptionGroup)):
        run()


def test_many_short_chunks_are_shown_in_fewer_bytes() -> None:
    tail = tail_of(*BEGUN, *words(2, *"abcdef" * 2000))
    piece = tail.shortest(1, tail.sequence)
    assert piece.sequence == tail.sequence
    assert piece.batch.size < 13_000


def test_a_snapshot_goes_out_where_it_is_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 500)
    said = [*BEGUN, *(event for n in range(2, 60) for event in encoded(status(JOB, n, E1)))]
    tail = tail_of(*said)
    assert b"job:snapshot" in tail.shortest(1, tail.sequence).batch.events[0]
    forget(tail, 1000)
    assert b"job:status" in tail.shortest(tail.first - 1, tail.sequence).batch.events[0]


def test_who_comes_together_is_sent_the_same_bytes() -> None:
    tail = tail_of(*BEGUN, *words(2, "a", "b"))
    assert tail.piece(1, 3) is tail.piece(1, 3)
    assert tail.snapshot(3, reset=False) is tail.snapshot(3, reset=False)
    forget(tail, 10**6)
    assert not tail._pieces
    assert not tail._shown
    assert not tail._looked_at


def test_a_full_piece_is_the_same_whatever_comes_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 100)
    monkeypatch.setattr("realtime.fan_out.merge.MERGED_CHARACTERS", 10)
    tail = tail_of(*BEGUN, *words(2, *"abcdef" * 5))
    piece = tail.piece(1, 20)
    assert piece.full and piece.sequence < 20
    assert tail.piece(1, 30) is piece
    assert tail.piece(1, piece.sequence - 1).sequence == piece.sequence - 1


def test_what_is_made_use_of_may_be_longer() -> None:
    tail = tail_of(*BEGUN, *words(2, *"abcdef" * 10))
    tail.forget(0, used=tail.size)
    assert tail.size == 0
    tail = tail_of(*BEGUN, *words(2, *"abcdef" * 10))
    tail.piece(1, 5)
    tail.forget(0, used=tail.size // 2)
    assert tail.size <= len(b"".join(tail._events)) and 0 < tail.first - 1 < tail.sequence
    assert not tail.complete


def test_the_status_is_that_of_the_last_event_of_the_job() -> None:
    tail = tail_of(*BEGUN)
    paused, ended = encoded(status(JOB, 2, E1, JobStatus.PAUSED), completed(JOB, 3))
    tail.extend([paused], Reach(epochs=(FIRST,), first=1, head=2))
    assert (tail.status, tail.ended) == (JobStatus.PAUSED, False)
    tail.extend([ended], Reach(epochs=(FIRST,), first=1, head=3))
    assert (tail.status, tail.ended) == (JobStatus.COMPLETED, True)


def test_an_event_that_is_refused_is_not_taken() -> None:
    tail = tail_of(*BEGUN)
    with pytest.raises(InvalidEvent):
        tail.extend([b'["job:status",{}]'], Reach(epochs=(FIRST,), first=1, head=2))
    assert (tail.sequence, tail.size) == (1, len(BEGUN[0]))


def test_nothing_may_follow_once_another_epoch_has_the_log() -> None:
    open_log = tail_of(*BEGUN)
    taken = Tail(JOB, Whole(meta_of(1, FIRST, EpochStart(E2, 2)), None, BEGUN))
    assert (open_log.open_epoch, taken.open_epoch) == (E1.encode(), b"")
    assert taken.resume(Checkpoint(2, E1)) == Snapshot(reset=True)
    assert taken.resume(Checkpoint(1, E1)) == Delta(1)
    assert encoded(chunk(JOB, 2, "a")) == words(2, "a")


def test_what_a_crowd_makes_use_of_stays_until_it_has_gone() -> None:
    tail = Tail(JOB, Whole(meta_of(1, FIRST), None, list(BEGUN)))
    tail.piece(0, 1)
    tail.forget(0)
    assert tail.complete
    tail.forget(0)
    assert not tail.complete
