"""The outbox: what goes next after any answer of the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_events.answers import Answer
from shared_events.events import JobStatus
from workers import outbox as module
from workers.outbox import BATCH_BYTES, BATCH_EVENTS, Entry, Next, Outbox


def filled(head: int, *events: bytes) -> Outbox:
    outbox = Outbox(head)
    for event in events:
        outbox.put(Entry(event))
    return outbox


def test_events_are_numbered_from_the_head() -> None:
    outbox = filled(7, b"a", b"b")
    assert (outbox.last, outbox.batch().previous, outbox.batch().events) == (9, 7, [b"a", b"b"])


def test_nothing_new_makes_an_empty_batch() -> None:
    outbox = filled(0, b"a")
    assert outbox.settle(Answer.OK, 1) is Next.GO_ON
    assert outbox.idle
    assert (outbox.batch().previous, outbox.batch().events) == (1, [])


def test_a_batch_is_bounded_in_events_and_bytes_but_never_empty() -> None:
    assert len(filled(0, *[b"x"] * 1000).batch().events) == BATCH_EVENTS
    large = b"x" * (BATCH_BYTES // 2 + 1)
    assert len(filled(0, large, large).batch().events) == 1
    assert len(filled(0, large * 9, b"x").batch().events) == 1


def test_a_batch_carries_its_last_status() -> None:
    outbox = Outbox(0)
    for status in (JobStatus.RUNNING, None, JobStatus.COMPLETED, None):
        outbox.put(Entry(b"x", status))
    assert outbox.batch().status is JobStatus.COMPLETED


def test_a_duplicate_moves_on_by_what_the_log_has() -> None:
    outbox = filled(0, b"a", b"b", b"c")
    assert outbox.settle(Answer.DUP, 2) is Next.GO_ON
    assert (outbox.batch().previous, outbox.batch().events) == (2, [b"c"])


def test_a_lost_tail_is_sent_again_at_the_same_sequences() -> None:
    outbox = filled(5, b"a", b"b", b"c")
    outbox.settle(Answer.OK, 8)
    assert outbox.settle(Answer.GAP, 6) is Next.GO_ON
    assert (outbox.batch().previous, outbox.batch().events) == (6, [b"b", b"c"])


def test_a_loss_beyond_what_is_retained_asks_for_a_rewrite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETAINED_BYTES", 10)
    outbox = filled(0, *[b"12345"] * 4)
    outbox.settle(Answer.OK, 4)
    assert outbox.settle(Answer.GAP, 2) is Next.GO_ON
    outbox.settle(Answer.OK, 4)
    assert outbox.settle(Answer.GAP, 1) is Next.REWRITE
    assert filled(3, b"a").settle(Answer.GAP, -1) is Next.REWRITE


def test_the_repeated_terminal_event_counts_as_written() -> None:
    outbox = filled(0, b"end")
    assert outbox.settle(Answer.CLOSED, 1) is Next.GO_ON
    assert outbox.idle
    assert filled(0, b"end").settle(Answer.CLOSED, 9) is Next.CLOSED


def test_another_writer_ends_it() -> None:
    assert filled(0, b"a").settle(Answer.FENCED, 0) is Next.FENCED
    assert filled(0, b"a").settle(Answer.DUP, 99) is Next.FENCED


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["ok", "lost reply", "lost tail"]), st.integers(0, 9))
    )
)
def test_whatever_the_log_answers_it_ends_with_every_event_once_in_order(
    steps: list[tuple[int, str, int]],
) -> None:
    outbox, log, made = Outbox(0), list[bytes](), 0
    for burst, fate, loss in [*steps, (0, "ok", 0), (0, "ok", 0), (0, "ok", 0)]:
        for _ in range(burst):
            outbox.put(Entry(b"%d" % made))
            made += 1
        if fate == "lost tail":
            del log[max(0, len(log) - loss) :]
        batch = outbox.batch()
        if batch.previous != len(log):
            outbox.settle(Answer.DUP if batch.previous < len(log) else Answer.GAP, len(log))
            continue
        log += batch.events
        if fate != "lost reply":
            outbox.settle(Answer.OK, len(log))
    assert log == [b"%d" % n for n in range(made)]
    assert outbox.idle
    assert outbox.unsent_bytes == 0
